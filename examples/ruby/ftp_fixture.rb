# An FTP server for tests: `denoftpd fixture`, or the executable that DENOFTPD names.
require "json"
require "net/http"

class FtpFixture
  # What the ready line says.
  attr_reader :ready

  def initialize(*flags)
    program = ENV.fetch("DENOFTPD", "denoftpd")
    @process = IO.popen([program, "fixture", "--control", "--exit-on-stdin-close", *flags], "r+")
    line = @process.gets or raise "denoftpd has ended"
    @ready = JSON.parse(line)
  end

  # Asks the control interface, as docs/fixture.md describes it.
  def ask(method, path, body = nil)
    uri = URI(@ready["control"] + path)
    answer = Net::HTTP.start(uri.host, uri.port) do |http|
      http.send_request(method, uri.request_uri, body && JSON.generate(body))
    end
    raise answer.body unless answer.is_a?(Net::HTTPSuccess)
    answer.body
  end

  def stop
    @process.close_write
    @process.close
  end
end
