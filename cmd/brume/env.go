package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/brume-cloud/brume/cloud"
)

type envCommand struct {
	Shell  string `enum:"auto,sh,fish,powershell" default:"auto" placeholder:"NAME" help:"Whose words to use: sh, fish or powershell; auto finds out."`
	Region string `default:"us-east-1" placeholder:"NAME" help:"The region to work in."`
	remote
}

// Help is the end of the command's help.
func (*envCommand) Help() string {
	return `Examples:

  eval "$(brume env)"                   in sh, bash and zsh
  brume env | source                    in fish
  brume env | Out-String | iex          in PowerShell`
}

// Run runs the command.
func (e *envCommand) Run(c console) error {
	key, secret := "test", "test"
	secrets, err := cloud.ReadSecrets(e.Data)
	if err != nil {
		return err
	}
	if secrets.AccessKeyID != "" {
		key, secret = secrets.AccessKeyID, secrets.SecretAccessKey
	}
	if e.Shell == "auto" {
		e.Shell = shellOf(os.Getenv)
	}
	say := exporter(e.Shell)
	for _, v := range [][2]string{
		{"AWS_ENDPOINT_URL", e.Endpoint},
		{"AWS_ACCESS_KEY_ID", key},
		{"AWS_SECRET_ACCESS_KEY", secret},
		{"AWS_REGION", e.Region},
		{"AWS_DEFAULT_REGION", e.Region},
	} {
		c.printf("%s\n", say(v[0], v[1]))
	}
	return nil
}

// exporter returns how a shell sets a variable.
func exporter(shell string) func(name, value string) string {
	switch shell {
	case "fish":
		return func(name, value string) string {
			return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
		}
	case "powershell":
		return func(name, value string) string {
			return "$env:" + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"
		}
	}
	return func(name, value string) string {
		return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
}

// shellOf finds out which shell asks.
func shellOf(getenv func(string) string) string {
	switch shell := filepath.Base(getenv("SHELL")); {
	case shell == "fish":
		return "fish"
	case getenv("SHELL") == "" && getenv("PSModulePath") != "":
		return "powershell"
	}
	return "sh"
}
