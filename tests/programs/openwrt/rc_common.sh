# Runs a command of OpenWrt's init script for parlord as /etc/rc.common does: rc_common.sh SCRIPT COMMAND. The functions of
# procd and UCI are stand-ins: they write what procd is asked for to $PROCD, a line each, and read the config in $UCI.
# $RUNNING is 1 if procd knows a running parlord.
# shellcheck shell=dash disable=SC1090,SC2034,SC3043

ask() { echo "$*" >>"$PROCD"; }

extra_command() { ALL_COMMANDS="$ALL_COMMANDS $1"; }
ALL_COMMANDS="start stop restart reload"

procd_open_instance() { ask instance; }
procd_set_param() { ask "$@"; }
procd_close_instance() { :; }
procd_add_reload_trigger() { ask trigger "$@"; }
procd_add_validation() { :; }
procd_running() { [ "$RUNNING" = 1 ]; }
procd_send_signal() { ask signal "$@"; }

# The user of the server need not be there.
chown() { :; }
chgrp() { :; }

# Words of a UCI file: `option NAME 'VALUE'` and `list NAME 'VALUE'`.
option() { eval "uci_$1=\$2"; }
list() { eval "uci_$1=\"\${uci_$1:+\$uci_$1 }\$2\""; }
config() { SECTION="$1 $2"; }

# True if a value has this type of UCI.
is_valid() {
    local low high
    case "$1" in
        bool) case "$2" in 0 | 1) ;; *) return 1 ;; esac ;;
        uinteger) is_number "$2" ;;
        range*)
            low=${1#*\(}
            high=${low#*, }
            is_number "$2" && [ "$2" -ge "${low%%,*}" ] && [ "$2" -le "${high%\)}" ]
            ;;
        or*) case "$1" in *"\"$2\""*) ;; *) return 1 ;; esac ;;
        string | "list(string)") ;;
        *) echo "no such type: $1" >&2 && exit 99 ;;
    esac
}

is_number() {
    case "$1" in '' | *[!0-9]*) return 1 ;; esac
}

# PACKAGE TYPE SECTION FUNCTION OPTION:TYPE[:DEFAULT]...
uci_load_validate() {
    local section="$2 $3" function="$4" name="$3" result=0 spec option type default value
    . "$UCI"
    [ "$SECTION" = "$section" ] || { echo "no section $section in $UCI" >&2 && exit 99; }
    shift 4
    for spec in "$@"; do
        option=${spec%%:*}
        type=${spec#*:}
        default=
        case "$type" in *:*) default=${type#*:} && type=${type%%:*} ;; esac
        eval "value=\${uci_$option:-\$default}"
        if [ -n "$value" ] && ! is_valid "$type" "$value"; then
            echo "parlord.main.$option=$value validates as $type with false" >&2
            result=255
            value=
        fi
        eval "local $option; $option=\$value"
    done
    "$function" "$name" "$result"
}

start() { start_service; }
stop() { ask stop; }
restart() { stop && start; }
reload() { reload_service; }

. "$1"
PROGRAM=$PARLORD
CONFIG=$GENERATED
case " $ALL_COMMANDS service_triggers " in
    *" $2 "*) "$2" ;;
    *) echo "no such command: $2" >&2 && exit 99 ;;
esac
