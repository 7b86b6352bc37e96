"""gunicorn in the image. It expects a buffering proxy in front: a slow client would hold one of its few threads."""

bind = "0.0.0.0:8000"  # noqa: S104 (reachable from the containers beside it; compose publishes only the proxy)
worker_class = "gthread"
# The number of workers is WEB_CONCURRENCY's, which gunicorn reads itself: about the number of processor cores.
threads = 4
timeout = 60  # seconds without a sign of life until a worker is replaced
graceful_timeout = 30  # seconds for running requests when the container is stopped
keepalive = 75  # seconds; longer than the proxy keeps idle connections, so that the proxy is the one who closes them
max_requests = 50_000  # a worker is replaced after so many requests, which bounds any slow growth of memory
max_requests_jitter = 5_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 (the heartbeat's file must not wait for a disk)
preload_app = True
accesslog = None  # the proxy keeps it
errorlog = "-"
control_socket_disable = True
