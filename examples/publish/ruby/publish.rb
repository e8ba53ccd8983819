# Publishes events to Roomcast: signed by Standard Webhooks, and repeated until the server has them.
#
#     ruby publish.rb ../events.json
#
# It reads ROOMCAST_URL, ROOMCAST_TENANT and ROOMCAST_WEBHOOK_SECRET. It needs the standard library only; `signature` is what the gem
# `standardwebhooks` does in `Webhook#sign`. It does not keep events until the server has them: that is for the caller, who has them in
# a table or a queue.

require "json"
require "net/http"
require "openssl"
require "securerandom"

class Publisher
  # The server has answered, and has not taken the events.
  Refused = Class.new(StandardError)

  ATTEMPTS = 8
  LONGEST_PAUSE_S = 30
  LOST = [SystemCallError, SocketError, IOError, Timeout::Error, Net::HTTPBadResponse, OpenSSL::SSL::SSLError].freeze

  def initialize(url:, tenant:, secret:)
    @address = URI("#{url.chomp("/")}/t/#{tenant}/api/events")
    @key = secret.delete_prefix("whsec_").unpack1("m0")
  end

  # What became of each of up to 500 events. Raises `Refused`, or the last error if no attempt has succeeded.
  def publish(events)
    body, id = JSON.generate(events), "msg_#{SecureRandom.uuid}"
    1.step do |attempt|
      answer = error = nil
      begin
        answer = post(body, id)
      rescue *LOST => error
        # Nobody knows whether the events have arrived. A repetition does no harm.
      end
      return JSON.parse(answer.body).fetch("results") if answer&.code == "202"

      error ||= Refused.new(why(answer))
      raise error if attempt == ATTEMPTS || (answer && !answer.code.match?(/\A(408|429|5..)\z/))

      back_off = [LONGEST_PAUSE_S, 0.5 * 2**(attempt - 1)].min * rand(0.5..1)
      pause = [back_off, answer ? answer["retry-after"].to_i : 0].max
      warn "trying again in #{pause.round(1)} s: #{error.message}"
      sleep pause
    end
  end

  private

  # A repetition has the same body and id, but a time and a signature of its own.
  def post(body, id)
    time = Time.now.to_i.to_s
    headers = { "content-type" => "application/json", "webhook-id" => id, "webhook-timestamp" => time,
                "webhook-signature" => signature("#{id}.#{time}.#{body}") }
    options = { use_ssl: @address.scheme == "https", open_timeout: 10, read_timeout: 30 }
    Net::HTTP.start(@address.host, @address.port, **options) { |http| http.post(@address.path, body, headers) }
  end

  def signature(text)
    "v1,#{[OpenSSL::HMAC.digest("SHA256", @key, text)].pack("m0")}"
  end

  def why(answer)
    problem = JSON.parse(answer.body)
    lines = problem.fetch("errors", []).map { |error| "\n  event #{error["index"]}: #{error["field"]} #{error["reason"]}" }
    "#{answer.code} #{problem.fetch("code")}: #{problem["detail"]}#{lines.join}"
  rescue JSON::ParserError, KeyError, NoMethodError, TypeError
    "#{answer.code}, and not from Roomcast: is ROOMCAST_URL right?"
  end
end

if $PROGRAM_NAME == __FILE__
  names = %w[ROOMCAST_URL ROOMCAST_TENANT ROOMCAST_WEBHOOK_SECRET]
  url, tenant, secret = names.map { |name| ENV.fetch(name, "").then { |value| value.empty? ? abort("error: #{name} is not set") : value } }
  begin
    events = JSON.parse(File.read(ARGV.fetch(0), encoding: "UTF-8"))
    Publisher.new(url: url, tenant: tenant, secret: secret).publish(events).each do |result|
      puts result.values_at("eventId", "status", "seq", "reason").compact.join(" ")
    end
  rescue Publisher::Refused, *Publisher::LOST, ArgumentError, JSON::ParserError => error
    abort "error: #{error.message}"
  end
end
