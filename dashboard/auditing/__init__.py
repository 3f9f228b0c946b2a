"""A model's audit as people look at it: `state` is what they see and chose, `auditor` computes an audit aside.

Nothing here knows a widget.
"""
