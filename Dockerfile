# One image for all containers: the control plane, Envoy, and both together instead of CHP. docs/kubernetes.md explains
# how to build it, and how to pin the base images by digest.
ARG ENVOY_IMAGE=envoyproxy/envoy:v1.40.0
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${ENVOY_IMAGE} AS envoy

FROM ${NODE_IMAGE} AS package
WORKDIR /build/source
COPY . .
# The published package with the lock file, so that every build has exactly the same packages.
RUN npm pack --pack-destination .. \
 && mkdir ../app \
 && tar -xzf ../configurable-envoy-proxy-*.tgz --strip-components=1 -C ../app \
 && cp package-lock.json ../app/ \
 && chmod +x ../app/build/src/cli/main.js
WORKDIR /build/app
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# Slim rather than distroless: an embedded Envoy is started and watched by two small shells, and the state directory is
# locked with the command flock. Both are in every Debian.
FROM ${NODE_IMAGE}
# Any tini of this Debian will do. npm and yarn are not needed.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /opt/yarn-* \
 && install -d -o 65534 -g 65534 -m 700 /run/cep /var/lib/configurable-envoy-proxy
COPY --from=envoy /usr/local/bin/envoy /usr/local/bin/envoy
COPY --from=package /build/app /opt/configurable-envoy-proxy
COPY docker/configurable-http-proxy /usr/local/bin/configurable-http-proxy
RUN ln -s /opt/configurable-envoy-proxy/build/src/cli/main.js /usr/local/bin/configurable-envoy-proxy \
 && configurable-envoy-proxy --version \
 && envoy --version
ENV NODE_ENV=production \
    ENVOY_PATH=/usr/local/bin/envoy \
    XDG_RUNTIME_DIR=/run/cep \
    XDG_STATE_HOME=/var/lib
USER 65534:65534
EXPOSE 8000 8001
ENTRYPOINT ["configurable-http-proxy"]
