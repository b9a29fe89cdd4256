# shellcheck shell=bash
# Puts the files of one package under a folder, as they lie on a machine. To be
# sourced; `stage PACKAGE BIN ROOT`, PACKAGE being node, worker, portal or cli.

# Manual pages are made of what the programs say of themselves.
manual() { # PROGRAM ROOT DESCRIPTION
  local name page
  name=$(basename "$1")
  page=$2/usr/share/man/man1/$name.1
  mkdir -p "$(dirname "$page")"
  env -i PATH="$PATH" LC_ALL=C.UTF-8 help2man --no-info --no-discard-stderr --name "$3" "$1" >"$page"
  gzip -9n "$page"
}

units() { # ROOT UNIT ENV PACKAGE
  install -D -m 644 "ops/systemd/$2" "$1/usr/lib/systemd/system/$2"
  # Packages own /usr/bin; the guide's units are for programs installed by hand.
  sed -i 's|/usr/local/bin/|/usr/bin/|; s|/usr/local/share/|/usr/share/|' "$1/usr/lib/systemd/system/$2"
  install -D -m 644 "ops/systemd/$3.example" "$1/etc/medchain/$3"
  sed -i 's|/usr/local/share/|/usr/share/|' "$1/etc/medchain/$3"
  # The users of the package's own units, and no others.
  local user
  user=$(sed -n 's/^User=//p' "ops/systemd/$2")
  mkdir -p "$1/usr/lib/sysusers.d"
  grep "^u $user " ops/systemd/medchain.sysusers >>"$1/usr/lib/sysusers.d/$4.conf"
  chmod 644 "$1/usr/lib/sysusers.d/$4.conf"
}

program() { # BIN NAME ROOT
  install -D -m 755 "$1/$2" "$3/usr/bin/$2"
  strip --strip-unneeded "$3/usr/bin/$2"
}

stage() {
  local package=$1 bin=$2 root=$3
  case $package in
    node)
      program "$bin" medchain-node "$root"
      manual "$root/usr/bin/medchain-node" "$root" "collator and full node of MedChain"
      units "$root" medchain-node.service node.env medchain-node
      install -D -m 644 ops/systemd/medchain-node.service.d/full-node.conf \
        "$root/usr/share/doc/medchain-node/examples/full-node.conf"
      sed -i 's|/usr/local/bin/|/usr/bin/|' "$root/usr/share/doc/medchain-node/examples/full-node.conf"
      install -D -m 755 scripts/new-network.py "$root/usr/bin/medchain-new-network"
      ;;
    worker)
      program "$bin" medchain-worker "$root"
      # The worker starts it, and nobody else: it needs no manual page.
      program "$bin" medchain-decode "$root"
      manual "$root/usr/bin/medchain-worker" "$root" "inference worker and custodian of MedChain"
      units "$root" medchain-worker.service worker.env medchain-worker
      units "$root" medchain-custodian.service custodian.env medchain-worker
      mkdir -p "$root/usr/share/medchain/models"
      install -m 644 models/shipped/medchain-vgg16.* models/shipped/MODEL_CARD.md "$root/usr/share/medchain/models"
      ;;
    portal)
      program "$bin" medchain-portal "$root"
      manual "$root/usr/bin/medchain-portal" "$root" "server of MedChain's web page"
      units "$root" medchain-portal.service portal.env medchain-portal
      ;;
    cli)
      program "$bin" medchain "$root"
      manual "$root/usr/bin/medchain" "$root" "command line of MedChain"
      units "$root" medchain-archive.service archive.env medchain
      local shell
      for shell in "bash usr/share/bash-completion/completions/medchain" \
        "zsh usr/share/zsh/vendor-completions/_medchain" "fish usr/share/fish/vendor_completions.d/medchain.fish"; do
        mkdir -p "$root/$(dirname "${shell#* }")"
        "$bin/medchain" completions "${shell%% *}" >"$root/${shell#* }"
      done
      ;;
  esac
}
