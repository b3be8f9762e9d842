# SPDX-License-Identifier: MIT
# bash completion for xen-memmap(1)

_xen_memmap_domains()
{
	xen-memmap list -r -n -o NAME 2>/dev/null
}

_xen_memmap()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands="list show verify watch wait explain declare decode diff draw"

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$cur")
		return
	fi
	case $prev in
	-s|--state)
		mapfile -t COMPREPLY < <(compgen -W "offered negotiated prepared committed sealed" -- "$cur")
		return ;;
	esac
	if [ "${cur#-}" != "$cur" ]; then
		# The command knows its options best.
		mapfile -t COMPREPLY < <(compgen -W "$(xen-memmap "${COMP_WORDS[1]}" --help 2>/dev/null |
			grep -o -- '--[a-z-]*')" -- "$cur")
		return
	fi
	case ${COMP_WORDS[1]} in
	show|verify|watch|wait|declare)
		mapfile -t COMPREPLY < <(compgen -W "$(_xen_memmap_domains)" -- "$cur") ;;
	explain|decode)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	diff|draw)
		mapfile -t COMPREPLY < <(compgen -W "$(_xen_memmap_domains)" -f -- "$cur") ;;
	esac
}

complete -o filenames -F _xen_memmap xen-memmap
