-- An outbox for `roomcast bridge postgres outbox`. Write an event in the transaction in which it happens:
--
--   INSERT INTO outbox (event_type, aggregate_type, aggregate_id, payload)
--   VALUES ('session.created', 'Session', 'demo-session', '{"title": "From Postgres"}');
--
-- The bridge needs `id`, `dead_reason` and `dead_problem`. The other columns are an event as they are; with a map
-- (docs/bridges.md), they may be any.

CREATE TABLE outbox (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_type     text NOT NULL,
  aggregate_type text NOT NULL,
  aggregate_id   text NOT NULL,
  occurred_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  payload        jsonb NOT NULL DEFAULT '{}',
  metadata       jsonb,
  -- Why a row can never be published: for people, and as the server says it. To try it again, set both to NULL.
  dead_reason    text,
  dead_problem   jsonb,
  -- Only used with `--keep`; without it, rows that were published are deleted.
  published_at   timestamptz
);

CREATE INDEX outbox_waiting ON outbox (id) WHERE dead_reason IS NULL AND published_at IS NULL;

-- Wakes the bridge, which otherwise looks every five seconds.
CREATE FUNCTION outbox_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY outbox;
  RETURN NULL;
END
$$;

CREATE TRIGGER outbox_added AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_added();
