#!/bin/sh
# Publishes events to Roomcast: signed by Standard Webhooks, and repeated until the server has them.
#
#     ./publish.sh ../events.json
#
# It reads ROOMCAST_URL, ROOMCAST_TENANT and ROOMCAST_WEBHOOK_SECRET, and needs curl and openssl. While openssl signs, other users of the
# machine can see the key in the list of processes: where there are any, use another language.
set -eu

attempts=8 longest_pause=30
: "${ROOMCAST_URL:?is not set}" "${ROOMCAST_TENANT:?is not set}" "${ROOMCAST_WEBHOOK_SECRET:?is not set}"
body=${1:?usage: publish.sh FILE}
address=${ROOMCAST_URL%/}/t/$ROOMCAST_TENANT/api/events
key=$(printf %s "${ROOMCAST_WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
[ -n "$key" ] || { echo "error: ROOMCAST_WEBHOOK_SECRET is not whsec_ and base64" >&2 && exit 1; }
id=msg_$(openssl rand -hex 16)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# A repetition has the same body and id, but a time and a signature of its own.
post() {
  time=$(date +%s)
  { printf %s "$id.$time." && cat "$body"; } >"$folder/signed"
  signature=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary "$folder/signed" | openssl base64 -A)
  : >"$folder/answer" && : >"$folder/headers"
  curl --silent --show-error --connect-timeout 10 --max-time 30 --data-binary "@$body" \
    --header "content-type: application/json" --header "webhook-id: $id" --header "webhook-timestamp: $time" \
    --header "webhook-signature: v1,$signature" \
    --output "$folder/answer" --dump-header "$folder/headers" --write-out '%{http_code}' "$address"
}

# Each object of a list in a line of its own. Where there is jq, use that.
lines() { tr '{' '\n' <"$folder/answer" && echo; }

# field NAME: the text of a field of a problem.
field() { sed -En "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\\1/p" "$folder/answer"; }

show_results() {
  lines | sed -En -e 's/^"eventId":"(([^"\\]|\\.)*)","status":"([a-z]+)".*"(seq|reason)":"?([0-9a-z_]+).*/\1 \3 \5/p'
}

why() {
  case $status:$(field code) in
    lost:*) echo "the server was not reached" ;;
    *:) echo "$status, and not from Roomcast: is ROOMCAST_URL right?" ;;
    *) printf '%s %s: %s\n' "$status" "$(field code)" "$(field detail)" ;;
  esac
}

refuse() {
  echo "error: $(why)"
  lines | sed -En 's/^"index":([0-9]+),"field":"(.*)","reason":"(.*)"\}.*/  event \1: \2 \3/p'
  exit 1
} >&2

attempt=1 pause=1
while :; do
  # Where a connection is lost, nobody knows whether the events have arrived. A repetition does no harm.
  status=$(post) || status=lost
  case $status in
    202) show_results && exit ;;
    lost | 408 | 429 | 5??) [ "$attempt" -lt "$attempts" ] || refuse ;;
    *) refuse ;;
  esac
  retry_after=$(sed -En 's/^[Rr]etry-[Aa]fter: *([0-9]+).*/\1/p' "$folder/headers")
  wait=$((${retry_after:-0} > pause ? ${retry_after:-0} : pause))
  echo "trying again in $wait s: $(why)" >&2
  sleep "$wait"
  attempt=$((attempt + 1)) pause=$((pause * 2 > longest_pause ? longest_pause : pause * 2))
done
