#!/usr/bin/env zsh
# SPDX-License-Identifier: MIT
# offered.zsh FOLDER: the words that an interactive zsh offers where each line of standard
# input ends, one a line, and an empty line.  FOLDER has the completions.  The shell has a
# terminal of its own, and is sent a tab.
zmodload zsh/zpty || exit
typeset -x COMPLETIONS=$1 NOTES=$(mktemp -d)
trap 'rm -rf $NOTES' EXIT

cat >$NOTES/.zshrc <<'END'
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -d $NOTES/dump

# What is added is noted; with -O, -A and -D a function only asks.
compadd() {
  local -a asks words
  zparseopts -E -a asks O: A: D:
  if (( ! $#asks )); then
    builtin compadd -O words "$@"
    print -rl -- $words >>$NOTES/words
  fi
  builtin compadd "$@"
}
offer() {
  _main_complete
  : >$NOTES/end
}
zle -C offer list-choices offer
bindkey -e
bindkey '^I' offer
zle-line-init() { : >$NOTES/begin }
zle -N zle-line-init
END

# note NAME: wait for it, a minute at most.
note() {
  local i
  for (( i = 0; i < 6000; i++ )); do
    [[ -e $NOTES/$1 ]] && return
    sleep 0.01
  done
  print -u2 "zsh has no $1"
  exit 1
}

zpty shell "ZDOTDIR=$NOTES zsh -i"
note begin
while IFS= read -r line; do
  rm -f $NOTES/end
  : >$NOTES/words
  # Whatever is there is killed.
  zpty -w -n shell $'\C-a\C-k'"$line"$'\t'
  note end
  grep . $NOTES/words | sort -u
  print
done
exit 0
