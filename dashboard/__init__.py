"""The dashboard: a Panel page in which people try a trained network on pictures of digits.

`store` holds the state and knows no widget, `views` shows it, `app` serves it. Nothing is imported here, because Panel
takes seconds to load.
"""
