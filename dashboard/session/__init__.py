"""What one visitor sees and does, for as long as their page is open; touched by the server's event loop alone.

Knows no widget: `views` shows it. What a thread tells a session comes through a snapshot, which never changes.
"""
