# SPDX-License-Identifier: BSD-3-Clause
# bash completion of nsplane
_nsplane()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words=""

	case $COMP_CWORD in
	1) words="netns exec show stats top runtime quota owner port module lcore rcu help" ;;
	2)
		case ${COMP_WORDS[1]} in
		netns) words="add delete list set list-id identify pids attach monitor exec" ;;
		port) words="add delete list" ;;
		module | lcore) words="list" ;;
		top) words="rate drops cycles" ;;
		*) words=$(nsplane netns list 2>/dev/null | cut -d' ' -f1) ;;
		esac
		;;
	3) words=$(nsplane netns list 2>/dev/null | cut -d' ' -f1) ;;
	*) return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _nsplane nsplane
