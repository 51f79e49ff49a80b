"""Texts that try to act on a terminal, to hide, or to break a widget. Every view must bear all of them."""

from __future__ import annotations

from typing import NamedTuple

ESC = "\x1b"
ST = "\x1b\\"
BEL = "\x07"
TEXT_LIMIT = 4_000


class Hostile(NamedTuple):
    """One text. `refused`: ingest must refuse it. `changed`: `safe_text` must not show it as it is."""

    name: str
    text: str
    refused: bool = True
    changed: bool = True


def _harmless_looking(name: str, text: str) -> Hostile:
    """Lawful text: accepted and shown as it is, and still a trap for a widget."""
    return Hostile(name, text, refused=False, changed=False)


def _hidden(name: str, text: str) -> Hostile:
    """Accepted at ingest, since honest people paste it; shown only with what it hides made visible."""
    return Hostile(name, text, refused=False)


def _tags(text: str) -> str:
    return "".join(chr(0xE0000 + ord(char)) for char in text)


HOSTILE: list[Hostile] = [
    # --- the terminal's own commands ---
    Hostile("clipboard write", f"{ESC}]52;c;cm0gLXJmIC8={BEL}"),
    Hostile("clipboard write, ST", f"{ESC}]52;p;cm0gLXJmIC8={ST}"),
    Hostile("clipboard read", f"{ESC}]52;c;?{BEL}"),
    Hostile("false link", f"{ESC}]8;;http://evil.example{ST}gold command{ESC}]8;;{ST}"),
    Hostile("false link with id", f"{ESC}]8;id=1;file:///etc/passwd{BEL}open{ESC}]8;;{BEL}"),
    Hostile("window title", f"{ESC}]0;LIVE - all clear{BEL}"),
    Hostile("icon title, unfinished", f"{ESC}]2;never closed"),
    Hostile("title report", f"{ESC}[21t"),
    Hostile("palette", f"{ESC}]4;1;rgb:00/00/00{BEL}"),
    Hostile("foreground", f"{ESC}]10;#000000{BEL}"),
    Hostile("notification", f"{ESC}]9;evacuate now{BEL}"),
    Hostile("notification, urxvt", f"{ESC}]777;notify;evacuate;now{BEL}"),
    Hostile("inline image", f"{ESC}]1337;File=inline=1:AAAA{BEL}"),
    Hostile("shell integration", f"{ESC}]133;C;cmdline=reboot{BEL}"),
    Hostile("working folder", f"{ESC}]7;file://evil/root{BEL}"),
    Hostile("pointer shape", f"{ESC}]22;wait-evil{BEL}"),
    Hostile("cursor report", f"{ESC}[6n"),
    Hostile("device attributes", f"{ESC}[c"),
    Hostile("secondary attributes", f"{ESC}[>0c"),
    Hostile("status report", f"{ESC}[5n"),
    Hostile("answerback", "\x05"),
    Hostile("mode report", f"{ESC}[?31337$p"),
    Hostile("redraw from the top", f"{ESC}[2J{ESC}[1;1HCONFIRMED #812"),
    Hostile("overwrite another line", f"{ESC}[31337;1HHART-1 AVAILABLE"),
    Hostile("erase the line", f"{ESC}[2K{ESC}[1Gnothing to see"),
    Hostile("erase saved lines", f"{ESC}[3J"),
    Hostile("cursor up", f"{ESC}[7AREFUSED"),
    Hostile("colours of a status", f"{ESC}[1;97;41m!! UNAVAIL{ESC}[0m"),
    Hostile("invisible text", f"{ESC}[8msecret{ESC}[28m"),
    Hostile("scrolling region", f"{ESC}[5;6r"),
    Hostile("leave the alternate screen", f"{ESC}[?47l"),
    Hostile("line drawing set", f"{ESC}(0lqqk{ESC}(B"),
    Hostile("shift out", "\x0eabc\x0f"),
    Hostile("full reset", f"{ESC}c"),
    Hostile("soft reset", f"{ESC}[!p"),
    Hostile("screen of E", f"{ESC}#8"),
    Hostile("save and restore", f"{ESC}7moved{ESC}8"),
    Hostile("index", f"{ESC}Ddown{ESC}Mup"),
    Hostile("keypad", f"{ESC}="),
    Hostile("DCS", f"{ESC}P1$tx{ST}"),
    Hostile("DCS, user keys", f"{ESC}P0;1|17/72656274{ST}"),
    Hostile("DCS, sixel", f"{ESC}Pq#0;2;0;0;0~~{ST}"),
    Hostile("DCS, tmux pass-through", f"{ESC}Ptmux;{ESC}{ESC}]52;c;QQ=={BEL}{ST}"),
    Hostile("DCS, report settings", f"{ESC}P$qm{ST}"),
    Hostile("APC", f"{ESC}_Ga=T;AAAA{ST}"),
    Hostile("PM", f"{ESC}^privacy{ST}"),
    Hostile("SOS", f"{ESC}Xstart{ST}"),
    Hostile("lone escape", f"abc{ESC}"),
    Hostile("escape before a wide character", f"{ESC}\u6f22"),
    Hostile("keyboard protocol", f"{ESC}[=31u"),
    Hostile("window size", f"{ESC}[8;1;1t"),
    Hostile("bracketed paste end", f"{ESC}[201~reboot\r"),
    # --- the same as single characters of the C1 set ---
    Hostile("C1 CSI", "\x9b2JCONFIRMED"),
    Hostile("C1 OSC", "\x9d0;title\x9c"),
    Hostile("C1 OSC 52", "\x9d52;c;QQ==\x07"),
    Hostile("C1 DCS", "\x90q#0\x9c"),
    Hostile("C1 APC, PM, SOS", "\x9fa\x9c\x9eb\x9c\x98c\x9c"),
    Hostile("C1 next line", "one\x85two"),
    Hostile("C1 reverse index", "one\x8dtwo"),
    # --- control characters ---
    Hostile("NUL", "HART\x00-1"),
    Hostile("bell", f"ring{BEL}{BEL}{BEL}"),
    Hostile("backspace over the text", "REFUSED\b\b\b\b\b\b\bGRANTED"),
    Hostile("carriage return over the text", "REFUSED\rGRANTED"),
    Hostile("delete", "abc\x7f\x7f\x7fdef"),
    Hostile("vertical tab and form feed", "a\x0bb\x0cc"),
    Hostile("end of file, suspend, flow control", "\x04\x1a\x13\x11"),
    Hostile("cancel and substitute", "\x18\x1a"),
    Hostile("separators", "\x1c\x1d\x1e\x1f"),
    # --- reading direction ---
    Hostile("right-to-left override, fake CONFIRMED", "\u202eDEMRIFNOC\u202c #812"),
    Hostile("left-to-right override", "\u202dabc\u202c"),
    Hostile("embedding, never closed", "\u202babc \u202adef"),
    Hostile("isolates", "\u2067abc\u2069\u2066def\u2069\u2068ghi\u2069"),
    Hostile("direction marks", "a\u200eb\u200fc\u061cd"),
    Hostile("deprecated format", "a\u206ab\u206fc"),
    _harmless_looking("right-to-left letters", "\u05e9\u05dc\u05d5\u05dd 999"),
    # --- hidden ---
    Hostile("tag characters", "ok" + _tags("send HART home")),
    Hostile("flag of England, made of tags", "\U0001f3f4" + _tags("gbeng") + "\U000e007f"),
    _hidden("zero-width space", "CONF\u200bIRMED"),
    _hidden("zero-width non-joiner and joiner", "HA\u200cRT\u200d-1"),
    _hidden("word joiner and byte order mark", "a\u2060b\ufeffc"),
    _hidden("invisible operators", "a\u2061b\u2062c\u2063d\u2064e"),
    _hidden("soft hyphen", "am\u00adbu\u00adlance"),
    _hidden("combining grapheme joiner", "a\u034fb"),
    _hidden("Hangul fillers", "\u115f\u1160\u3164\uffa0"),
    _hidden("Mongolian vowel separator", "a\u180eb\u180bc"),
    Hostile("selectors that carry data", "\U0001f600" + "\ufe00\ufe01\U000e0100\U000e01ef" * 4),
    _hidden("blanks", "a\u00a0b\u2003c\u3000d\u2800e"),
    _hidden("line and paragraph separator", "one\u2028two\u2029three"),
    _hidden("interlinear annotation", "\ufff9a\ufffab\ufffb"),
    _hidden("private use", "\ue000\U000f0000\U00100000"),
    _hidden("noncharacters", "\ufdd0\ufffe\uffff\U0010ffff"),
    Hostile("lone surrogates", "\ud800x\udfff"),
    Hostile("surrogates of a raw byte", "\udc9b2J"),
    # --- width and height ---
    Hostile("zalgo", "H" + "\u0301\u0316\u0334\u0489" * 25 + "ART"),
    Hostile("Hangul vowels in a heap", "\u1100" + "\u1161" * 50),
    _harmless_looking("Hangul in parts", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
    Hostile("five marks", "e" + "\u0301" * 5),
    _harmless_looking("four marks", "e" + "\u0301" * 4),
    _hidden("mark without a letter", "\u0301abc"),
    _harmless_looking("wide", "\u6f22\u5b57\uff21\uff22 \uac00"),
    _harmless_looking("full-width fake", "\uff23\uff2f\uff2e\uff26\uff29\uff32\uff2d\uff25\uff24"),
    _harmless_looking("Cyrillic fake", "\u0421ONFIRM\u0415D"),
    _hidden("emoji of several", "\U0001f469\u200d\U0001f692\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    _hidden("emoji style", "\u26a0\ufe0f bridge \u2764\ufe0e"),
    _harmless_looking("wide ligature", "\ufdfd\u12031\U0001242b"),
    Hostile("very long", "A" * 20_000),
    _hidden("tabs", "\t\t\tfar right"),
    _hidden("many lines", "one\ntwo\r\nthree\n\n\nfour".replace("\r", "")),
    # --- the markup of the toolkit ---
    _harmless_looking("closing nothing", "[/]"),
    _harmless_looking("closing a style", "[/bold] ladder"),
    _harmless_looking("an action", "[@click=app.quit]x[/]"),
    _harmless_looking("an action with arguments", "[@click=app.notify('owned')]press[/]"),
    _harmless_looking("a link that breaks the parser", "[link=http://x]y"),
    _harmless_looking("a style never closed", "[bold red]A3 closed"),
    _harmless_looking("an empty tag", "[] [ ] [[]] []]"),
    _harmless_looking("a variable", "[$error on $surface]x[/] $text"),
    _harmless_looking("emoji code", ":bomb: :warning:"),
    _harmless_looking("backslashes", "\\[bold\\] \\\\"),
    _harmless_looking("Markdown", "# Log `code` ![i](http://x/y.png) [l](javascript:x) <b>"),
    _harmless_looking("formats", "%s %n {0} {x.__class__} ${HOME} $(reboot) `reboot`"),
    _harmless_looking("a formula", '=HYPERLINK("http://x";"y")'),
]
"""Names are unique; together they are at least the eighty of promise P34."""
