"""A training that people watch: a process of its own does the work, and what it tells becomes a picture of the whole.

`options` makes a recipe of what people typed, `worker` is the process, `looks` what it shows of a network, `trainer`
starts, steers and hears it, `snapshot` is what is known of it at a time, `places` who may train. Nothing here knows a
widget.
"""
