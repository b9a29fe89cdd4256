#!/usr/bin/env bash
# Makes one Debian package.
#   package.sh node|worker|portal|cli VERSION ARCHITECTURE BIN DIST
set -euo pipefail
package=$1 version=$2 architecture=$3 bin=$4 dist=$5
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/release/stage.sh
case $package in
  node) name=medchain-node about="collator and full node of MedChain" ;;
  worker) name=medchain-worker about="inference worker and custodian of MedChain" ;;
  portal) name=medchain-portal about="web page of MedChain, and the program that serves it" ;;
  cli) name=medchain about="command line of MedChain" ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
stage "$package" "$bin" "$root"
install -D -m 644 LICENSE "$root/usr/share/doc/$name/copyright"

# What the program links, as Debian names it.
mkdir -p "$work/debian"
printf 'Source: medchain\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "root/usr/bin/$name" | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "release: error: dpkg-shlibdeps found no libraries of $name" >&2; exit 1; }
[ "$package" != node ] || depends+=", python3"
[ "$package" != cli ] || recommends="Recommends: medchain-worker, medchain-portal"
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: $architecture
Maintainer: The MedChain authors <medchain@localhost>
Depends: $depends${recommends:+
$recommends}
Section: net
Priority: optional
Installed-Size: $(du -sk --exclude DEBIAN "$root" | cut -f 1)
Description: $about
 Encrypted chest X-rays on IPFS, consent by contract, verdicts on a Substrate
 parachain. A research system, not a medical device.
END
if [ -d "$root/etc" ]; then
  (cd "$root" && find etc -type f | sed 's|^|/|') >"$root/DEBIAN/conffiles"
  # No service is started: each needs a key and a chain first, see the guide.
  cat >"$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ] && command -v systemd-sysusers >/dev/null; then
  systemd-sysusers
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
END
  chmod 755 "$root/DEBIAN/postinst"
fi
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$root" "$dist/${name}_${version}_$architecture.deb" >&2
