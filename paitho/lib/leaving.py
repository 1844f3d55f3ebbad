"""Whether this process has been told to stop: what is under way ends, and nothing new is begun."""

import threading

leaving = threading.Event()
