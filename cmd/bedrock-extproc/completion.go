package main

import "github.com/spf13/cobra"

const completionHelp = `Print a script that completes commands, flags and their values in a shell.

bash (with the package bash-completion):
  bedrock-extproc completion bash > /etc/bash_completion.d/bedrock-extproc
zsh:
  bedrock-extproc completion zsh > "${fpath[1]}/_bedrock-extproc"
fish:
  bedrock-extproc completion fish > ~/.config/fish/completions/bedrock-extproc.fish`

func completionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "completion bash|zsh|fish", Short: "print a completion script for a shell", Long: completionHelp,
		GroupID: groupOther, Args: arguments(1, 1), ValidArgs: []string{"bash", "zsh", "fish"}, DisableFlagsInUseLine: true,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		root, out := cmd.Root(), cmd.OutOrStdout()
		switch args[0] {
		case "bash":
			return root.GenBashCompletionV2(out, true)
		case "zsh":
			return root.GenZshCompletion(out)
		case "fish":
			return root.GenFishCompletion(out, true)
		}
		return wrongUsage(cmd, "no completion for shell %q%s", args[0], didYouMean("", args[0], cmd.ValidArgs))
	}
	return cmd
}
