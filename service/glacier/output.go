package glacier

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// GetJobOutput gives out what a job has made ready, or a range of it. The tree
// hash comes along when both the range that was retrieved and the one that is
// asked for are aligned to the archive's tree.
func (s *Service) GetJobOutput(ctx context.Context, in *glacier.GetJobOutputInput) (*glacier.GetJobOutputOutput, error) {
	out := &glacier.GetJobOutputOutput{Status: new(int32(http.StatusOK)), AcceptRanges: new("bytes")}
	var from []span
	a := addressOf(ctx, in.AccountId, in.VaultName)
	err := s.view(ctx, a, func(tx kv.Tx, v *vault) error {
		r, err := v.retrieval(tx, in.JobId)
		if err != nil {
			return err
		}
		if r.status() != glacier.StatusCodeSucceeded {
			return invalid("The job is not currently available for download: %s", in.JobId)
		}
		first, end, err := r.wanted(in.Range)
		if err != nil {
			return err
		}
		if in.Range != nil {
			out.Status = new(int32(http.StatusPartialContent))
			out.ContentRange = new(fmt.Sprintf("bytes %s/%d", formatRange(first, end), r.outputSize()))
		}
		from = r.output(tx, a.Scope, first, end)
		out.ContentType = new(r.contentType())
		if r.Action == actionArchive {
			out.ArchiveDescription = aws.Optional(r.ArchiveText)
			first, end = first+r.From, end+r.From
			if r.RangeHash != nil && isAligned(first, end, r.Size) {
				out.Checksum = new(hex.EncodeToString(r.hashOf(tx, a.Scope, first, end)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Body = s.newDownload(from)
	return out, nil
}

func (r *retrieval) outputSize() int64 {
	if r.Action == actionArchive {
		return r.To - r.From
	}
	return r.Output.Size
}

func (r *retrieval) contentType() string {
	switch {
	case r.Action == actionArchive:
		return "application/octet-stream"
	case r.Format == formatCSV:
		return "text/csv"
	}
	return "application/json"
}

// output is where the bytes [from, to) of the output are.
func (r *retrieval) output(tx kv.Tx, sc kv.Scope, from, to int64) []span {
	if r.Action == actionArchive {
		return place{sc, r.Content}.spans(tx, r.From+from, r.From+to)
	}
	return []span{{r.Output.ID, from, to - from}}
}

// wanted reads a Range header, bytes=FROM-LAST or bytes=FROM-, relative to the
// output. What lies behind its end is cut off.
func (r *retrieval) wanted(header *string) (from, to int64, err error) {
	size := r.outputSize()
	if header == nil {
		return 0, size, nil
	}
	text, ok := strings.CutPrefix(*header, "bytes=")
	if ok && strings.HasSuffix(text, "-") {
		text += fmt.Sprint(size)
	}
	if from, to, ok2 := parseRange(text); ok && ok2 && from < size {
		return from, min(to, size), nil
	}
	return 0, 0, invalid("Invalid range: %s", *header)
}
