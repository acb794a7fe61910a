#!/usr/bin/env escript
%% Erlang's ssl: `erlang.escript server|client PORT name=value...`; a server says back all it gets.

main([Role, Port | Words]) ->
    {ok, _} = application:ensure_all_started(ssl),
    logger:set_primary_config(level, none),
    Options = maps:from_list([list_to_tuple(string:split(Word, "=")) || Word <- Words]),
    run(Role, list_to_integer(Port), [{versions, versions(Options)} | settings(Role, Options)], Options).

run("server", Port, Settings, _) ->
    {ok, Listener} = ssl:listen(Port, [binary, {ip, {127, 0, 0, 1}}, {active, false}, {nodelay, true}, {reuseaddr, true}, {backlog, 64} | Settings]),
    io:format("READY~n"),
    accept(Listener);
run("client", Port, Settings, #{"name" := Name}) ->
    Named = [{server_name_indication, Name}, {verify, verify_peer}, binary, {active, false} | Settings],
    case ssl:connect({127, 0, 0, 1}, Port, Named, 60000) of
        {ok, Socket} ->
            ok = ssl:send(Socket, "GET / HTTP/1.0\r\n\r\n"),
            io:format("~p~n", [ssl:recv(Socket, 0, 60000)]),
            ssl:close(Socket);
        {error, Reason} ->
            io:format(standard_error, "~p~n", [Reason]),
            halt(1)
    end.

accept(Listener) ->
    {ok, Transport} = ssl:transport_accept(Listener),
    Worker = spawn(fun() -> receive go -> serve(Transport) end end),
    ok = ssl:controlling_process(Transport, Worker),
    Worker ! go,
    accept(Listener).

serve(Transport) ->
    case ssl:handshake(Transport, 60000) of
        {ok, Socket} -> echo(Socket);
        {error, Reason} -> io:format(standard_error, "~p~n", [Reason])
    end.

echo(Socket) ->
    case ssl:recv(Socket, 0, 60000) of
        {ok, Data} -> ssl:send(Socket, Data), echo(Socket);
        {error, _} -> ssl:close(Socket)
    end.

settings(Role, Options) -> lists:append([setting(Role, Name, Value, Options) || {Name, Value} <- maps:to_list(Options)]).

setting(_, "cert", File, #{"cert2" := Second, "key" := Key, "key2" := SecondKey}) ->
    case erlang:system_info(otp_release) >= "25" of
        true -> [{certs_keys, [#{certfile => File, keyfile => Key}, #{certfile => Second, keyfile => SecondKey}]}];
        false -> [{certfile, File}, {keyfile, Key}]
    end;
setting(_, "cert", File, #{"key" := Key}) -> [{certfile, File}, {keyfile, Key}];
setting(_, "ca", File, _) -> [{cacertfile, File}];
setting("server", "session_tickets", Kind, Options) ->
    [{session_tickets, list_to_atom(Kind)} || lists:member('tlsv1.3', versions(Options))];
setting("server", "client_auth", "request", _) -> [{verify, verify_peer}];
setting("server", "client_auth", "require", _) -> [{verify, verify_peer}, {fail_if_no_peer_cert, true}];
setting("server", "alpn", Names, _) -> [{alpn_preferred_protocols, [list_to_binary(N) || N <- string:split(Names, ",", all)]}];
setting("client", "alpn", Names, _) -> [{alpn_advertised_protocols, [list_to_binary(N) || N <- string:split(Names, ",", all)]}];
setting(_, _, _, _) -> [].

versions(Options) ->
    [First | Rest] = string:split(maps:get("versions", Options, "tls1.2-tls1.3"), "-"),
    All = [{"tls1.0", tlsv1}, {"tls1.1", 'tlsv1.1'}, {"tls1.2", 'tlsv1.2'}, {"tls1.3", 'tlsv1.3'}],
    Last = case Rest of [] -> First; [Name] -> Name end,
    lists:reverse([Atom || {Name, Atom} <- All, Name >= First, Name =< Last]).
