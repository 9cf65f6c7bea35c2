package function

import (
	"strings"
	"testing"
)

const rubyCode = `
require 'tool'
def echo(event:, context:)
  puts 'said'
  { event: event, id: context.aws_request_id, left: context.get_remaining_time_in_millis > 0, tool: Tool::NAME, mine: ENV['AWS_LAMBDA_FUNCTION_NAME'] }
end
def fail(event:, context:)
  raise ArgumentError, 'no good'
end
module App
  class Deep
    def self.run(event:, context:) = "\u00fc"
  end
end
`

func TestRuby(t *testing.T) {
	needs(t, "ruby")
	bothWays(t, func(t *testing.T, p *Plane) {
		for _, c := range []struct{ handler, kind, want string }{
			{"app.echo", "", `"left":true,"tool":"of a layer","mine":"f"}`},
			{"app.App::Deep.run", "", `"ü"`},
			{"app.fail", "Function<ArgumentError>", `"errorMessage":"no good"`},
			{"app.none", "Runtime.HandlerNotFound", `Handler method none is not defined`},
			{"none.echo", "Init<LoadError>", `cannot load such file`},
			{"broken.echo", "Runtime.UserCodeSyntaxError", `syntax error`},
			{"app", "Runtime.MalformedHandlerName", `Invalid handler: app`},
		} {
			s := languageSpec(t, "ruby3.3", c.handler, map[string]string{"app.rb": rubyCode, "broken.rb": "def ("})
			s.Layers = []Archive{zipOf(t, map[string]string{"ruby/lib/tool.rb": "module Tool; NAME = 'of a layer'; end"})}
			out := invoke(t, p, s, nil)
			if out.ErrorType != c.kind || !strings.Contains(string(out.Payload), c.want) {
				t.Errorf("%s: %q %s\n%s", c.handler, out.ErrorType, out.Payload, text(out))
			}
			if c.handler == "app.echo" && !strings.Contains(text(out), "\nsaid\n") {
				t.Errorf("log:\n%s", text(out))
			}
		}
	})
}
