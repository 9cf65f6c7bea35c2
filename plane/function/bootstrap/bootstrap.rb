# Brume's runtime client for Ruby: the Runtime API over one raw socket.
require 'json'
require 'socket'

module Brume
  API = '/2018-06-01/runtime/'.freeze
  HOST, PORT = ENV['AWS_LAMBDA_RUNTIME_API'].split(':')

  # Fault is what the client itself finds wrong with a function.
  class Fault < StandardError
    attr_reader :kind

    def initialize(kind, message)
      super(message)
      @kind = kind
    end
  end

  class Connection
    def initialize
      @socket = TCPSocket.new(HOST, PORT.to_i)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    end

    def ask(verb, path, body = '', headers = {})
      head = "#{verb} #{path} HTTP/1.1\r\nHost: #{HOST}\r\nContent-Length: #{body.bytesize}\r\n"
      headers.each { |name, value| head += "#{name}: #{value}\r\n" }
      @socket.write((head + "\r\n").b + body.b)
      line = @socket.gets or exit!(0) # the plane is gone
      got = {}
      while (header = @socket.gets) && header != "\r\n"
        name, value = header.split(':', 2)
        got[name.downcase] = value.strip
      end
      [line.split[1].to_i, got, @socket.read(got['content-length'].to_i)]
    end
  end

  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
                :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms

    def initialize(headers)
      @aws_request_id = headers['lambda-runtime-aws-request-id']
      @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
      @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
      @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
      @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
      @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
      @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
      @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
      @identity = parse(headers['lambda-runtime-cognito-identity'])
      @client_context = parse(headers['lambda-runtime-client-context'])
    end

    def get_remaining_time_in_millis
      [@deadline_ms - (Process.clock_gettime(Process::CLOCK_REALTIME) * 1000).to_i, 0].max
    end

    private

    def parse(text)
      JSON.parse(text) if text && !text.empty?
    end
  end

  def self.describe(error)
    kind = error.is_a?(Fault) ? error.kind : "Function<#{error.class}>"
    { errorMessage: error.message, errorType: kind, stackTrace: (error.backtrace || []).reject { |l| l.start_with?(__FILE__) } }
  end

  def self.complain(error)
    puts JSON.generate(describe(error))
    $stdout.flush
  end

  # handler finds what a name such as file.method or file.Module::Class.method means.
  def self.handler(name, root)
    parts = name.split('.')
    raise Fault.new('Runtime.MalformedHandlerName', "Invalid handler: #{name}") unless [2, 3].include?(parts.size)

    begin
      require File.join(root, parts[0])
    rescue LoadError => e
      raise Fault.new('Init<LoadError>', e.message)
    rescue SyntaxError => e
      raise Fault.new('Runtime.UserCodeSyntaxError', e.message)
    end
    target = parts.size == 3 ? Kernel.const_get(parts[1]) : TOPLEVEL_BINDING.receiver
    raise Fault.new('Runtime.HandlerNotFound', "Handler method #{parts.last} is not defined") unless target.respond_to?(parts.last, true)

    ->(event, context) { target.send(parts.last, event: event, context: context) }
  end

  # become waits, as a worker ahead, to be told which function it is.
  def self.become(connection)
    return [ENV['_HANDLER'], ENV['LAMBDA_TASK_ROOT']] unless ENV['BRUME_SPARE']

    _, _, body = connection.ask('GET', '/brume/assignment')
    exit!(0) if body.empty?
    told = JSON.parse(body)
    ENV.replace(told['variables'])
    Gem.clear_paths if defined?(Gem)
    ENV['RUBYLIB'].to_s.split(':').reverse_each { |dir| $LOAD_PATH.unshift(dir) }
    [told['handler'], told['root']]
  end

  def self.serve(connection, handle)
    loop do
      status, headers, body = connection.ask('GET', "#{API}invocation/next")
      exit!(0) if status != 200
      at = "#{API}invocation/#{headers['lambda-runtime-aws-request-id']}"
      ENV['_X_AMZN_TRACE_ID'] = headers['lambda-runtime-trace-id'].to_s
      begin
        answer = JSON.generate(handle.call(JSON.parse(body.force_encoding('UTF-8')), Context.new(headers)))
      rescue StandardError, NotImplementedError, SystemStackError, NoMemoryError => e
        error = describe(e)
        complain(e)
      end
      $stdout.flush
      if error
        connection.ask('POST', "#{at}/error", JSON.generate(error), { 'Lambda-Runtime-Function-Error-Type' => error[:errorType] })
      else
        connection.ask('POST', "#{at}/response", answer, { 'Content-Type' => 'application/json' })
      end
    end
  end

  def self.main
    $stdout.sync = true
    connection = Connection.new
    name, root = become(connection)
    Dir.chdir(root)
    $LOAD_PATH.unshift(root)
    begin
      handle = handler(name, root)
    rescue StandardError => e
      complain(e)
      error = describe(e)
      connection.ask('POST', "#{API}init/error", JSON.generate(error), { 'Lambda-Runtime-Function-Error-Type' => error[:errorType] })
      exit!(1)
    end
    serve(connection, handle)
  end
end

Brume.main
