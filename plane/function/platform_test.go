package function

import (
	"encoding/json"
	"strings"
	"testing"
)

// records are the lines of a log in JSON, by what says what they are.
func records(t *testing.T, out Outcome) (all []map[string]any) {
	t.Helper()
	for _, l := range out.Logs {
		if strings.HasPrefix(l.Text, "[brume]") {
			continue
		}
		var r map[string]any
		if err := json.Unmarshal([]byte(l.Text), &r); err != nil {
			t.Errorf("no JSON: %s", l.Text)
		}
		all = append(all, r)
	}
	return all
}

func TestLogInJSON(t *testing.T) {
	bothWays(t, func(t *testing.T, p *Plane) {
		for _, c := range []struct{ program, runtime, handler, code string }{
			{"python3", "python3.11", "app.h", `
import logging
log = logging.getLogger()
def h(event, context):
    log.debug('too low'); log.info('said', extra={'more': 1}); log.warning('odd')
    raise ValueError('no good')
`},
			{"node", "nodejs20.x", "app.h", `exports.h = async () => { console.debug('too low'); console.info('said'); console.warn('odd', 1); throw new TypeError('no good'); };`},
		} {
			t.Run(c.runtime, func(t *testing.T) {
				needs(t, c.program)
				file := map[string]string{"python3": "app.py", "node": "app.js"}[c.program]
				s := languageSpec(t, c.runtime, c.handler, map[string]string{file: c.code})
				s.JSON, s.ApplicationLevel, s.SystemLevel = true, "INFO", "INFO"
				var kinds, levels []string
				for _, r := range records(t, invoke(t, p, s, nil)) {
					if kind, ok := r["type"].(string); ok {
						kinds = append(kinds, strings.TrimPrefix(kind, "platform."))
						continue
					}
					level := r["level"]
					if level == nil {
						level = r["log_level"]
					}
					levels = append(levels, level.(string))
					if r["requestId"] == "" || r["timestamp"] == nil {
						t.Errorf("record %v", r)
					}
				}
				if got := strings.Join(kinds, " "); got != "initStart start report" {
					t.Errorf("the platform says %s", got)
				}
				if got := strings.ReplaceAll(strings.Join(levels, " "), "WARNING", "WARN"); got != "INFO WARN ERROR" {
					t.Errorf("the function says %s", got)
				}
				s.Key, s.SystemLevel, s.ApplicationLevel = s.Key+"2", "WARN", "ERROR"
				if all := records(t, invoke(t, p, s, nil)); len(all) != 1 {
					t.Errorf("with higher levels: %v", all)
				}
			})
		}
	})
}
