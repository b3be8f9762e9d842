# SPDX-License-Identifier: MIT
# bash completion for xen-memmap(1)

_xen_memmap_domains()
{
	xen-memmap list -r -n -o NAME 2>/dev/null
}

# _xen_memmap_columns COMMAND LIST: the last of LIST, behind what is said already.
_xen_memmap_columns()
{
	local said=

	[ "$2" != "${2%,*}" ] && said=${2%,*},
	mapfile -t COMPREPLY < <(compgen -P "$said" -W "$(xen-memmap "$1" -o help 2>/dev/null |
		sed -n 's/^  \([A-Z]*\) .*/\1/p')" -- "${2##*,}")
}

_xen_memmap()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands="list show verify watch wait explain enable declare decode diff draw"

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands help --help --version" -- "$cur")
		return
	fi
	case ${COMP_WORDS[1]}:$prev in
	help:*)
		[ "$COMP_CWORD" -eq 2 ] && mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
		return ;;
	wait:-s|wait:--state)
		mapfile -t COMPREPLY < <(compgen -W "offered negotiated prepared committed sealed" -- "$cur")
		return ;;
	draw:-o|draw:--output|enable:--folder)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	*:-o|*:--output)
		_xen_memmap_columns "${COMP_WORDS[1]}" "$cur"
		return ;;
	*:-t|*:--timeout|watch:-c|*:--changes|*:--bar|*:--rmrr|*:--declare|*:--width)
		# What belongs here nobody but the user knows.
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
	explain|enable|decode)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	diff|draw)
		mapfile -t COMPREPLY < <(compgen -W "$(_xen_memmap_domains)" -f -- "$cur") ;;
	esac
}

complete -o filenames -F _xen_memmap xen-memmap
