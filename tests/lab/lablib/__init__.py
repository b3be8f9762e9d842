"""What tests/lab/lab is made of; see tests/lab/README.md."""
