"""The sockets of one process: one thread (`loop`) reads what all models say (`upstream`) and sees to it that all
followers get it (`client`). No chunk wakes a thread of its own on its way; that is what it is for.
"""

from widget_api.sockets.loop import close

__all__ = ("close",)
