module github.com/brume-cloud/brume

go 1.26
