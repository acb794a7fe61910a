# Botan's command line tool, `TOOL tls_server|tls_client WORD...`: `policy:NAME=VALUE` is a line of its policy, which it takes from a file
# alone; `cert=`, `key=` and `raw=`, a public key in place of the certificates, are a server's. Other words are its own.
tool="$1"
shift
policy=
cert=
key=
for word; do
    shift
    case "$word" in
    policy:*)
        policy="$policy${word#policy:}
"
        ;;
    raw=*) cert="${word#raw=}" ;;
    cert=*) cert="${cert:-${word#cert=}}" ;;
    key=*) key="${word#key=}" ;;
    *) set -- "$@" "$word" ;;
    esac
done
exec "$tool" "$@" ${cert:+"$cert" "$key"} --policy=/dev/fd/3 3<<END
$policy
END
