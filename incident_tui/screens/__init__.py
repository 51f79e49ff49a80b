"""The screens, one folder each: what stands there, and its stylesheet beside it.

There is one Textual screen, the room: status lines, tabs, foot and the lines to type in stand in it once, and the
places (picture, boards, log, incidents, refused) take turns in its middle. So the status lines are always alive,
and going somewhere is immediate.
"""
