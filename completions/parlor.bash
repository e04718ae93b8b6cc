# Completion of parlor for bash. Source this, or install it as parlor in
# ${XDG_DATA_HOME:-~/.local/share}/bash-completion/completions.

_parlor() {
    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
    # bash takes the = of --option=value, and each colon, for a word.
    if [[ $word == = || $word == : ]]; then
        word=
    elif [[ $option == = || $option == : ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    case $option in
    -p | --password-file | --account-password-file | --certificate | -c | --config | unix)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    -w | --wire) mapfile -t COMPREPLY < <(compgen -W "irc crazyit" -- "$word") ;;
    --color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$word") ;;
    -s | --server) mapfile -t COMPREPLY < <(compgen -A hostname -- "$word") ;;
    -n | --name | -r | --room | --fingerprint | --account | --highlight | --history | --retry | --once) ;;
    *)
        local options="--name --server --room --wire --tls --fingerprint --password-file
            --account --account-password-file --certificate --highlight --color --history
            --retry --config --json --watch --once --no-color --help --version"
        if [[ $word == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        else
            # What is put in replaces the @ of NAME@ as well.
            local at=
            if [[ $word == @ || $option == @ ]]; then at=@; fi
            mapfile -t COMPREPLY < <(compgen -P "$at" -A hostname -- "${word#@}")
        fi
        ;;
    esac
}

complete -F _parlor parlor
