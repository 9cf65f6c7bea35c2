package function

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// errorPayload is what the platform answers when the function could not.
func errorPayload(kind, message string) []byte {
	b, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	return b
}

// decodeTrailer reads an error's body, which runtimes send in base64.
func decodeTrailer(s string) []byte {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b
	}
	return []byte(s)
}

// errorType is the type that an error's payload names.
func errorType(payload []byte) string {
	var p struct {
		Type string `json:"errorType"`
	}
	_ = json.Unmarshal(payload, &p)
	return p.Type
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// report is the REPORT line.
//
// AWS: Lambda, "Viewing logs for functions": the fields are parted by tabs, and
// one follows the last.
func (o *Outcome) report(requestID string, memoryMB int, status string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		requestID, milliseconds(o.Duration), o.Billed.Milliseconds(), memoryMB, o.MaxMemoryMB)
	if o.Cold && o.Init > 0 {
		fmt.Fprintf(&b, "Init Duration: %.2f ms\t", milliseconds(o.Init))
	}
	if status != "" {
		fmt.Fprintf(&b, "Status: %s\t", status)
	}
	if status == "error" && o.ErrorType != "" {
		fmt.Fprintf(&b, "Error Type: %s\t", o.ErrorType)
	}
	return b.String()
}

// bill rounds up to whole milliseconds.
//
// AWS: Lambda pricing: initialisation is billed since August 2025.
func (o *Outcome) bill() {
	o.Billed = time.Duration(math.Ceil(milliseconds(o.Duration+o.Init))) * time.Millisecond
}
