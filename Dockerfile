# tok as a static program, with CA certificates, run by an ordinary user.
#
#   docker build -t tok .
#   docker run --rm -v "$PWD/tok.toml:/etc/tok.toml:ro" -e TOK_CONFIG=/etc/tok.toml -e TOK_CINT_CLIENT_SECRET tok token cint

FROM rust:1-alpine AS build
# ring contains C.
RUN apk add --no-cache build-base ca-certificates
WORKDIR /source
COPY . .
RUN cargo install --path . --locked --root /tok
# The cache needs a folder that the user may write.
RUN mkdir -p /home/tok/.cache

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /tok/bin/tok /usr/local/bin/tok
COPY --from=build --chown=65532:65532 /home/tok /home/tok
ENV HOME=/home/tok PATH=/usr/local/bin TOK_KEYRING=off
USER 65532:65532
ENTRYPOINT ["tok"]
