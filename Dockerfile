# syntax=docker/dockerfile:1
# One image for every process of Cairn; docker-compose.yml says which one a container runs.

FROM node:24-bookworm-slim AS base
WORKDIR /cairn
ENV NODE_ENV=production

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --include=dev --no-audit --no-fund
COPY .swcrc tsconfig.json ./
COPY scripts scripts
COPY libs libs
COPY apps apps
RUN npm run build

# Without what only building, testing and a laptop need: compiler, jest, the packaged PostgreSQL and Node.
FROM base AS packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund

FROM base AS runtime
COPY --from=packages /cairn/node_modules node_modules
COPY package.json ./
COPY --from=build /cairn/dist dist
ENV NODE_COMPILE_CACHE=/tmp/node-compile-cache
# A volume mounted here takes over its owner.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 3000
CMD ["node", "dist/programs/api.js"]
