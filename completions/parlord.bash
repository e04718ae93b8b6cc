# Completion of parlord for bash. Source this, or install it as parlord in
# ${XDG_DATA_HOME:-~/.local/share}/bash-completion/completions.

_parlord() {
    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
    # bash takes the = of --option=value, and each colon, for a word.
    if [[ $word == = || $word == : ]]; then
        word=
    elif [[ $option == = || $option == : ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    case $option in
    --motd | --password-file | --state | --tls-cert | --tls-key | --web-root | --cluster-ca | --backup | --restore | -c | --config | unix)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    -l | --listen | --tls-listen | -n | --server-name | -r | --lobby | --password | --oper) ;;
    --history | --history-lines | --history-bytes | --replay) ;;
    --accounts)
        mapfile -t COMPREPLY < <(compgen -W "open closed required" -- "$word")
        ;;
    --always-on-days | --devices | --web-origin | --cluster | --node | --shards) ;;
    --web) mapfile -t COMPREPLY < <(compgen -W "on off" -- "$word") ;;
    --max-connections | --max-per-ip | --flood | --frame | --outbox | --memory) ;;
    --login-timeout | --ping | --proxy-from | --metrics | --export-history | --add-account | --reset-password) ;;
    --check | --check-tls) ;;
    *)
        local options="--listen --tls-listen --tls-cert --tls-key --self-signed
            --server-name --lobby --motd --password --password-file --oper --state
            --history --history-lines --history-bytes --replay --accounts --always-on
            --always-on-days --devices --allow-root
            --max-connections --max-per-ip --flood --frame --outbox --memory
            --login-timeout --ping --proxy-from --metrics --web --web-root
            --web-origin --cluster --cluster-ca --node --shards
            --config --hash-password
            --check-config --print-config --doctor --check --check-tls
            --export-history --add-account --reset-password --backup --restore
            --help --version"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        ;;
    esac
}

complete -F _parlord parlord
