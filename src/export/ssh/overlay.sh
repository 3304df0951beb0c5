#!/usr/bin/env bash
# An overlay on several hosts, over ssh. Written by tp3 export from @TITLE@.
#
#     overlay.sh up           copy programs and files to each host, and start its servents, with new traces; a host that is
#                             up already stays as it is, and is refused if what is up there is not what is here
#     overlay.sh ask KEY...   ask the first servent, @FIRST@, on its own host
#     overlay.sh traces       collect what servents traced into traces/HOST
#     overlay.sh down         stop all servents; programs, files and traces stay on the hosts
#
# Each may be run again at any time. On a host everything is in ~/@FOLDER@, and one process, `tp3 overlay --here HOST`,
# runs all of its servents; they end with it. It takes Linux there, with tar, awk and setsid, and here tp3 and clientTP3, in PATH
# or in the folder that TP3_PROGRAMS names, which run there too.
#
# HOST is what ssh is told and what servents send to, so it must mean the same here and there. Who logs in, by which key and
# at which port, is for ssh's own configuration, or for a file ssh_config beside this one, which is then used instead.
set -euo pipefail
# With it cd may go elsewhere, and prints. Hosts may have it too: there it does not hold for a path that begins with a dot.
unset CDPATH

readonly HOSTS=(@HOSTS@)
readonly FIRST=@FIRST@
readonly FOLDER=./@FOLDER@
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HERE

fail() { printf 'overlay.sh: %s\n' "$*" >&2; exit 2; }

# Runs a command on a host: `on HOST COMMAND`, a single word for its shell.
on() {
    local options=(-o BatchMode=yes -o ConnectTimeout=10)
    [ ! -e "$HERE/ssh_config" ] || options+=(-F "$HERE/ssh_config")
    ssh "${options[@]}" -- "$@"
}

# Runs a function for every host, for all at the same time, with the host in front of what it says.
on_each() {
    local host job jobs=() failed=()
    for host in "${HOSTS[@]}"; do
        "$1" "$host" 2>&1 < /dev/null | sed "s/^/$host: /" &
        jobs+=($!)
    done
    for job in "${!jobs[@]}"; do
        wait "${jobs[job]}" || failed+=("${HOSTS[job]}")
    done
    [ ${#failed[@]} -eq 0 ] || fail "$1 failed on ${failed[*]}"
}

# For `sh` on a host: whether the overlay's process runs. A number alone may be another's by now; with the time of its
# start, the 22nd word, it is not. What has ended and is still listed has the state Z.
IS_UP=$(cat << 'END'
started() { awk '$3 != "Z" { print $22 }' "/proc/$1/stat" 2> /dev/null; }
is_up() { [ -s id ] && read -r pid start < id && [ "$(started "$pid")" = "$start" ]; }
END
)
readonly IS_UP

# What tells the share of a host from every other one: a checksum of its files.
share() {
    (cd "$HERE" && while IFS= read -r file; do cksum "$file"; done < "hosts/$1.files") | cksum | tr -c '0-9\n' -
}

# For `sh` on a host, in its folder: ends with the words $2 if what was started there is not the share $1.
is_own() {
    echo "[ \"\$(cat share 2> /dev/null)\" = $1 ] || { echo '$2'; exit 1; }"
}

# Fails if what was started on a host is not its share.
expect_own() {
    on "$1" sh -s << END
cd $FOLDER || exit
$(is_own "$(share "$1")" "another overlay of this name, or another state of it, was started there")
END
}

up() {
    local state share
    share=$(share "$1")
    state=$(on "$1" sh -s << END
mkdir -p $FOLDER && cd $FOLDER || exit
$IS_UP
is_up || { echo down; exit; }
$(is_own "$share" "another overlay of this name, or another state of it, is up: down it first")
echo "up already"
END
    ) || { [ -z "$state" ] || echo "$state"; return 1; }
    if [ "$state" != down ]; then
        echo "$state"
        return
    fi
    # Two archives, one behind the other.
    tar -chf - -C "$PROGRAMS" tp3 clientTP3 | on "$1" "tar -xf - --no-same-owner -C $FOLDER"
    tar -cf - -C "$HERE" --transform "s,^hosts/$1[.]txt\$,overlay.txt," -T "$HERE/hosts/$1.files" |
        on "$1" "tar -xf - --no-same-owner -C $FOLDER"
    # It leaves this login behind, and says on the pipe when all servents serve, or ends.
    on "$1" sh -s << END
cd $FOLDER || exit
$IS_UP
rm -rf traces ready id
echo $share > share
mkfifo ready || exit
setsid ./tp3 overlay overlay.txt --here $1 --serve --trace traces < /dev/null > ready 2> log &
echo "\$! \$(started \$!)" > id
if read -r said < ready; then echo "\$said"; else cat log; exit 1; fi
END
}

traces() {
    expect_own "$1" || return 1
    mkdir -p "$HERE/traces/$1"
    # 1 is that a file grew meanwhile: its beginning is here.
    on "$1" "tar -cf - -C $FOLDER/traces . || [ \$? -eq 1 ]" | tar -xf - -C "$HERE/traces/$1"
    echo "collected into traces/$1"
}

down() {
    on "$1" sh -s << END
[ -d $FOLDER ] || { echo "down already"; exit; }
cd $FOLDER || exit
$IS_UP
is_up || { echo "down already"; exit; }
kill -TERM \$pid
# At most 10 s: then its servents die with it.
for _ in \$(seq 100); do
    is_up || break
    sleep 0.1
done
if is_up; then kill -KILL \$pid; echo "killed"; else echo "stopped"; fi
rm -f id
END
}

find_programs() {
    PROGRAMS=${TP3_PROGRAMS:-}
    if [ -z "$PROGRAMS" ]; then
        PROGRAMS=$(command -v tp3) || fail "there is no tp3 in PATH: TP3_PROGRAMS names the folder of tp3 and clientTP3"
        PROGRAMS=$(dirname "$PROGRAMS")
    fi
    local program
    for program in tp3 clientTP3; do
        [ -x "$PROGRAMS/$program" ] || fail "there is no $program in $PROGRAMS: TP3_PROGRAMS names the folder of both"
    done
}

case ${1:-} in
    up)
        find_programs
        on_each up
        ;;
    ask)
        [ $# -gt 1 ] || fail "a key is missing: overlay.sh ask KEY..."
        for key in "${@:2}"; do
            [[ $key == *[![:space:]]* && $key != *$'\n'* ]] || fail "a key is empty or of several lines: overlay.sh ask KEY..."
        done
        expect_own "${HOSTS[0]}" >&2 || exit 2
        printf '%s\n' "${@:2}" | on "${HOSTS[0]}" "cd $FOLDER && ./clientTP3 $FIRST"
        ;;
    traces | down) on_each "$1" ;;
    *)
        sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        [ "${1:-}" = --help ] || exit 2
        ;;
esac
