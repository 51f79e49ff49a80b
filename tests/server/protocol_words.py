"""The words of docs/protocol.md between what is generated. ``{{name}}`` is filled in by make_protocol.py."""

from __future__ import annotations

WORDS = """\
<!-- Made by `python -m tests.server.make_protocol` from the types and a running server: change those, not this. -->
# The protocol, version {{protocol}}

For whoever writes a client in another language. `protocol.schema.json` beside this file holds every frame, command and
event as JSON Schema (2020-12); what stands here is the same in words, and what a schema cannot say.

One websocket carries everything. Every frame is one text message of JSON, an object whose `frame` says what it is;
the one exception is a page of a snapshot, which is binary. A field that has its default may be left out, by both
sides. An unknown field is ignored; of a repeated key the last counts. All times are integers: UTC milliseconds since
1970. Integers stay within ±2^53. There is no compression.

## Coming in
`wss://HOST:PORT/`, TLS 1.3, with the certificate of the desk's key in the handshake and the header
`Authorization: Bearer TOKEN`. [The door](#the-door) gives both. Within one machine a server may speak `ws://`
instead, without certificates; there, and only there, tokens of `incident-server token` are good as well. Never put a
token into the address. An `Origin` header is refused: no page in a browser may connect. Before the handshake the
server may answer

| status | means |
|---|---|
| 401 | no token, or none that is good on this line; the body is a sentence for a person |
| 403 | an Origin was sent |
| 404 | only `/`, `/enrol`, `/sign-in`, `/healthz` (200: it lives) and `/readyz` (200: it takes commands) are here |
| 503 | stopping, or full; `Retry-After` says when to try again |

Then the client sends `hello`, and the server answers `welcome` (who you are to it), `directory` (the streams you may
watch) and a `heartbeat`. `welcome.epoch` names the history kept here: another epoch is another data folder.

A desk that nobody touches for {{idle}} minutes sends `lock`: its sign-in can read on, and what a person writes is
refused with code `locked` until the password has been given at the door. `welcome.locked` tells a client that comes
back so: keep what waits to be sent until it is unlocked. At `welcome.until` the sign-in ends, and when it is revoked
at once: close code 4001, sign in again.

## The door
A new desk, and every sign-in, has a websocket of its own, on a path of its own. Frames are JSON texts as above, one
after the other, each within ten seconds; `enrolled`, `signed_in` or `denied` ends it.

**Enrolling** (`/enrol`, no token, no certificate of the desk yet; the server's certificate is taken as it is and only
looked at). The code that `incident-server enrol` prints has 16 signs of `{{alphabet}}` (O is 0, I and L are 1): 3 of
lookup, 11 of secret, 2 of check (the first 14 as a number to the base 32, modulo 1021). Both sides make
`key = scrypt(secret, salt = "incident-tui enrol " + lookup, N = 16384, r = 8, p = 1, 64 bytes)`. The desk makes its key
(P-256 or Ed25519) and sends `enrol_ask`; the server answers `enrol_offer`. A proof is `HMAC-SHA-256(key, T)` in hex,
where T is the JSON array, without white space, of: `"server"` or `"desk"` (whose proof it is), the hex SHA-256 of the
server's certificate in DER on this line (hex of the five bytes `plain` on an open line), lookup, the desk's nonce, the
server's nonce, the desk's public key, and the authority's certificate, as they stood in the frames. **Check the
server's proof before anything else is sent**: if it does not hold, somebody stands in between, or the code was
mistyped or is over. Then `enrol_claim` with the desk's own proof and a password, and `enrolled` comes with the
certificate of the desk's key. Trust the `authority` alone from then on. A code is good once, {{code_minutes}} minutes.

**Signing in** (`/sign-in`, with the desk's certificate; on an open line the header `Authorization: Desk ACCOUNT`
instead). `sign_in` is answered by `signed_in`, whose token is good for {{session_hours}} hours with this key alone, or
by `denied`. With `token` it unlocks that sign-in; with `new_password` it changes the password as well. Wrong passwords
make the next try wait longer (`wait_ms`), each desk for itself; nobody is ever locked out. `break_glass` opens a desk
with the passwords of two persons of its agency, for an hour; every party of the agency's incidents is told.
`sign_out` is answered by `signed_out`: that token is good for nothing from then on; no other desk's is touched by it.

**By an identity provider** (`/sign-in`, as above). `provider_ask` is answered by `provider_offer`: ask there for an ID
token with that nonce (OpenID Connect, authorization code with PKCE; redirect to a port of 127.0.0.1), within five
minutes, and send it as `provider_token` on the same line. A server without a provider answers `denied`, `no_provider`.

### From the desk
{{door_asks}}

### From the server
{{door_answers}}

## Streams
{{streams}}

A stream is a sequence of **records** numbered from 1 without gaps. Whoever may watch a stream sees all of it. A stream
that is not open to you is answered exactly as one that does not exist.

**Watching.** `watch` with the number of the last record you hold (`cursor`) and its `hash`; 0 and "" for none. The
server checks that your copy is a beginning of its own (else `error` with code `diverged`, and nothing more: keep your
copy, it may be the better one). It then sends what you lack as `records`, or a snapshot and the rest, then `claims`,
then `watching`: from there on you are live. Each `records` frame continues where the last ended (`prev` is the hash
before its first record) and ends with a whole command. Skip records that you hold already. Should one be missing,
watch again from your cursor. `watch` for a stream you watch already begins anew.

**Writing.** Make a UUID for the command, store the command durably, and then send `submit`. There are three answers:
`accepted` with the numbers of its records (0 and 0: it was so already, nothing was written): it is in the log,
durably, for ever. `refused`: it is not, and the code, the sentence and the facts say why. No answer, because the line
broke: nobody knows; send the same `submit` again, with the same id and the same bytes in `body`, until there is an
answer. It takes effect once. The same id with another type, version, agency or body is refused (`id_reuse`).
`base` maps the things a command touches to the id of the command that last changed them, as you have seen them: it is
how two rooms that act on one thing at once are told apart. A refusal with `conflict` says that somebody was first.
`depends_on` names commands without which this one makes no sense; it is refused when one of them was.
Your `accepted` may come before or after the records themselves.

**Heartbeats.** The server sends one every two seconds, with the heads of the streams you watch, its clock, and who is
connected of your agency and the parties (`present`: lists of agency and names). Yours is answered at once with your
`sent_at` as `echo`. Eight seconds without any frame mean that the line is dead, whatever the socket says.
`read_only` means that the server's disk has failed (nothing more is answered, and it is about to end), or that it
has not answered for four seconds; the latter may pass, and then what waited is answered.

## Frames from the client
{{client_frames}}

## Frames from the server
{{server_frames}}

Codes of `error`: `not_json`, `too_deep`, `too_large`, `bad_frame` (not a frame of this protocol), `hello_first`,
`hello_again`, `not_text`, `protocol` (another version is spoken here); with `stream` set: `unknown_stream`,
`not_party` (you have held it and may see it no longer: delete your copy), `diverged`, `unavailable` (cannot be read
just now), `busy`, `too_many`.

Codes of `refused` that any command may meet: `unknown_stream`, `unknown_command`, `unknown_version`, `bad_shape`,
`bad_text` (characters that act on a terminal), `id_reuse`, `depends_on_refused`, `not_party`, `no_grant` (with `grant`
and `role` in the facts), `claim_held` (with `held_by`, `since`, `label`), `busy`, `disk_full`, `observer` (the
session said in its hello that it only reads), `locked` (this sign-in must be unlocked). The others belong to the
commands. Show the sentence; decide by the code.

## Limits
{{limits}}

## How a connection ends
| code | means |
|---|---|
| 1001 | goodbye (the answer to `bye`) |
| 1003 | a frame that is not text |
| 1007 | a text that is not UTF-8 |
| 1008 | no Hello, something else first, or too many bad frames in a row |
| 1009 | a frame too large |
| 1011 | the server could not go on with this connection, or heard no pong |
| 1012 | the server is being stopped; a `bye` before it says after how many milliseconds to come back |
| 4001 | your sign-in is over, or was revoked: sign in again |
| 4008 | you read too slowly: come back and resume at your cursor |
| 4010 | this version of the protocol is not spoken here |

Come back with a random wait that grows, from half a second to fifteen.

## Records and their chain
A record's `hash` is the SHA-256 of three digests put together: the hash before it, that of its header, and that of
its salt and body. So a body can lawfully be taken out and the chain still holds. The hash before the first record
is `SHA-256("incident-tui stream\\n" + name of the stream)`. The header is a JSON array without white space, with the
keys of `base` sorted, texts as UTF-8 without needless escapes. The body counts byte for byte as it was sent.
This needs nothing of ours:

```python
import hashlib, json

def sha(data):
    return hashlib.sha256(data).digest()

def header(stream, r):
    get = r.get
    row = [stream, r["seq"], r["command_id"], get("part", 0), r["type"], r["v"], r["actor"], r["agency"], r["role"],
           get("on_behalf_of", ""), get("happened_at"), r["written_at"], r["recorded_at"], get("clock_offset", 0),
           get("base", {})]
    return json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()

def hash_after(prev, stream, r, body):  # body: the bytes of the record's body as they stand in the frame
    content = sha(bytes.fromhex(r["salt"]) + body)
    return hashlib.sha256(bytes.fromhex(prev) + sha(header(stream, r)) + content).hexdigest()

def first(stream):
    return hashlib.sha256(b"incident-tui stream\\n" + stream.encode()).hexdigest()
```

A record of a type you do not know is kept and chained all the same; show that it is there.

## Snapshots
Sent to a client that is far behind and whose `watch.states` names the shape version of every slice of that stream.
One binary message a page: a big-endian 32-bit length, that many bytes of JSON (the header), and the rest, a zlib
stream. Header: {{page_header}}
The inflated pages of a slice, in the order of `index`, joined, are that slice's state as JSON, at record `seq` with
hash `hash`. A client that does not keep states of its own leaves `states` empty and gets records.

## Commands
The `type`, version 1 where none is given, and `body` of a `submit`. In brackets: what happens when two rooms act on
one thing at once, and what may be done while the line is cut.
{{commands}}

## Events
The `type` and `body` of a record.
{{events}}

## Structures
{{structures}}

## A conversation
What two clients and a server really said, with clock, ids and salts fixed. `→` to the server, `←` from it.

```
{{transcript}}
```
"""
