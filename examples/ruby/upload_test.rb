# A test with minitest and Net::FTP, over TLS with the authority of the fixture:  ruby examples/ruby/upload_test.rb
require "minitest/autorun"
require "net/ftp"
require "stringio"
require_relative "ftp_fixture"

class UploadTest < Minitest::Test
  def setup
    @server = FtpFixture.new("--user", "test:secret", "--tls")
  end

  def teardown
    @server.stop
  end

  def test_stores_a_file
    trust = { ca_file: @server.ready["caFile"] }
    login = { port: @server.ready["port"], username: "test", password: "secret", ssl: trust }
    Net::FTP.open("127.0.0.1", **login) { |ftp| ftp.storbinary("STOR hello.txt", StringIO.new("hello"), 1024) }
    assert_equal "hello", @server.ask("GET", "/files/hello.txt")
    @server.ask("POST", "/expect", { steps: ["PROT P", "STOR hello.txt", 226] })
  end
end
