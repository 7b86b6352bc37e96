# The web process for production: `docker compose up` builds it (docs/operating.md).
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
# Packages first: they change less often than the code, and their layer is then reused.
COPY requirements.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --compile --require-hashes -r requirements.txt
ENV PATH=/opt/venv/bin:$PATH
COPY package.json deno.lock ./
COPY mlpracticum/__init__.py mlpracticum/assets.py mlpracticum/runtime_assets.py mlpracticum/runtime_files.py ./mlpracticum/
COPY progress/grading ./progress/grading
COPY static/js/practice ./static/js/practice
RUN python -m mlpracticum.assets
COPY . .
# Static files get their manifest names and compressed copies here, once, and not at every start. Production settings
# ask for secrets that this step never uses: a key that is thrown away, a database that does not exist.
RUN MLPRACTICUM_MODE=production ALLOWED_HOSTS=build DATABASE_URL=postgres://build@localhost/build \
        STATIC_ROOT=/app/static-files SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
        python manage.py collectstatic --no-input --verbosity 0 \
    && mv build built && mkdir -p build/assets/runtime && mv built/runtime build/runtime \
    && mv built/assets/runtime/*.json build/assets/runtime/ && rm -rf node_modules built var

FROM python:${PYTHON}-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MLPRACTICUM_MODE=production \
    STATIC_ROOT=/app/static-files \
    MEDIA_ROOT=/data/media \
    RUNTIME_PACKAGES=/data/runtime-packages
# A fixed number, so that the owner of a mounted folder can be set before the first start.
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app \
    && install -d -o app -g app /data /data/media /data/runtime-packages
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER app
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "mlpracticum.wsgi"]
