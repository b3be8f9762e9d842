"""The lab: from a scenario, by an emulated Xen host, to a verdict."""
