# One image for web and worker; the command decides. See docs/deploy.md.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements-pip.txt requirements.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-deps --require-hashes -r requirements-pip.txt \
    && /venv/bin/pip install --no-deps --require-hashes -r requirements.txt
COPY . .
# These secrets are for this command only; the real ones come from the environment.
RUN VIDGO_ENVIRONMENT=production VIDGO_PUBLIC_URL=https://build.invalid \
    SECRET_KEY=only-for-collecting-the-static-files-of-this-image-build \
    API_KEY_PEPPERS=1:only-for-collecting-the-static-files-of-this-image \
    VIDGO_DATA=/tmp/build /venv/bin/python manage.py collectstatic --no-input

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home vidgo \
    && install --directory --owner vidgo --group vidgo --mode 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0 VIDGO_DATA=/data
WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "--config", "python:vidgo.gunicorn", "vidgo.wsgi"]
