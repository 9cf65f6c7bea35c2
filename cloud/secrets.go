package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/brume-cloud/brume/aws"
)

// Secrets are what a strict cloud is entered with. Those of a cloud that is
// not strict are empty.
type Secrets struct {
	AccessKeyID     string `json:"access_key_id"` // of the root user of account 000000000000
	SecretAccessKey string `json:"secret_access_key"`
	ControlToken    string `json:"control_token"` // for the control API
}

const secretsFile = "secrets.json"

// ReadSecrets returns the secrets that the data directory dir keeps, none when
// it keeps none. So a client on the same machine need not be told them.
func ReadSecrets(dir string) (Secrets, error) {
	var s Secrets
	b, err := os.ReadFile(filepath.Join(dir, secretsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("%s in %s is damaged: remove it, and new secrets are made at the next start: %w", secretsFile, dir, err)
	}
	return s, nil
}

// openSecrets reads or makes the secrets of a strict cloud. It keeps them in
// dir, or nowhere when dir is empty.
func (s *System) openSecrets(dir string) (err error) {
	if !s.opts.Strict {
		return nil
	}
	if dir != "" {
		if s.secrets, err = ReadSecrets(dir); err != nil || s.secrets.ControlToken != "" {
			return err
		}
	}
	const keyLength, secretLength, tokenLength = 16, 40, 40
	s.secrets = Secrets{
		AccessKeyID:     "AKIA" + aws.Text(random{}, aws.UpperBase32, keyLength),
		SecretAccessKey: aws.Text(random{}, aws.AlphaNumeric, secretLength),
		ControlToken:    aws.Text(random{}, aws.AlphaNumeric, tokenLength),
	}
	if dir == "" {
		return nil
	}
	b, err := json.MarshalIndent(s.secrets, "", "  ")
	if err != nil {
		return err
	}
	return writePrivate(filepath.Join(dir, secretsFile), append(b, '\n'))
}

// writePrivate writes a file that only its owner may read, as a whole or not
// at all.
func writePrivate(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".tmp-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
