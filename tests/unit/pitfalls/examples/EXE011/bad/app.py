import queue
import threading


def handler(event, context):
    pages = queue.Queue(2)

    def produce():
        pages.put(fetch(event))
        pages.put(None)

    threading.Thread(target=produce).start()
    while (page := pages.get()) is not None:  # expect
        print(page)
