# Runs one command and sees to its end. Arguments: setsid grep sleep token command..
# Standard input is the line to the runner: `term` and `kill` are passed on to the command's process
# group; its end means that the runner died, and the command must too.
setsid=$1 grep=$2 sleep=$3 token=$4
shift 4
exec 3<&0 </dev/null
SLUICE_PROCESS=$token "$setsid" "$@" 3<&- &
child=$!
# The group exists once setsid has run; until then the process itself is the target.
signal() { kill -s "$1" -- "-$child" || kill -s "$1" "$child"; }
(
  while read -r word; do
    case $word in
      term) signal TERM ;;
      kill) signal KILL ;;
    esac
  done
  signal TERM
  for _ in 1 2 3 4 5 6 7 8 9 10; do "$sleep" 0.2; done
  signal KILL
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-
# The shell announces signalled children on standard error, which is the step's log.
{ wait "$child"; status=$?; } 2>/dev/null
# As in a container: when the first process ends, all others do, first the group, then whatever
# left it for a session of its own. Those are known by the token in their environment.
{ kill -s KILL -- "-$child"; kill -s KILL "$watcher"; } 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
  left=$("$grep" -lasF "SLUICE_PROCESS=$token" /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$left" ] || break
  for file in $left; do
    pid=${file#/proc/}
    kill -s KILL "${pid%/environ}" 2>/dev/null
  done
done
exit "$status"
