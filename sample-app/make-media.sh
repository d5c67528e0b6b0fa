#!/usr/bin/env bash
# Makes the sample app's media: clip.mp4, clip-moov-last.mp4, tone.mp3 and book.pdf, in sample-app/media.
# Needs (Debian): apt-get install ffmpeg espeak-ng fonts-dejavu-core
# The same versions of the tools make the same bytes: one thread, no dates, no random seeds.
set -euo pipefail
cd "$(dirname "$0")"

seconds=60
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p media

reproducibly() {
  ffmpeg -nostdin -hide_banner -loglevel error -y -filter_threads 1 -filter_complex_threads 1 "$@"
}
bitexact=(-threads 1 -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact)

# A voice says the number of each second as it begins: "zero", "one" … "fifty-nine".
for ((second = 0; second < seconds; second++)); do
  espeak-ng -v en-us -s 180 -w "$work/word.wav" "$second"
  reproducibly -i "$work/word.wav" -af 'aresample=44100,apad,atrim=0:1' "${bitexact[@]}" "$work/$second.wav"
  echo "file '$work/$second.wav'" >>"$work/words.txt"
done
reproducibly -f concat -safe 0 -i "$work/words.txt" -c copy "${bitexact[@]}" "$work/voice.wav"

# Under it a plucked note a second, an octave higher every twenty: one hears where one is.
pitch='220 * pow(2, floor(t) / 20)'
notes="aevalsrc=exprs='0.2 * sin(2 * PI * $pitch * mod(t, 1)) * exp(-3 * mod(t, 1))':s=44100:d=$seconds"
reproducibly -i "$work/voice.wav" -f lavfi -i "$notes" \
  -filter_complex '[0]volume=0.7[voice];[voice][1]amix=inputs=2:normalize=0' \
  "${bitexact[@]}" "$work/sound.wav"

reproducibly -i "$work/sound.wav" -c:a libmp3lame -b:a 128k -write_xing 1 -id3v2_version 0 "${bitexact[@]}" media/tone.mp3

# The clip: the time in large digits, a dot that goes round once in ten seconds, a bar that fills in sixty.
sans=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
mono=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf
timecode='%{eif\:trunc(t/60)\:d\:2}\:%{eif\:mod(trunc(t)\,60)\:d\:2}.%{eif\:mod(trunc(t*10)\,10)\:d\:1}'
picture="
  gradients=s=1280x720:r=30:d=$seconds:seed=1:n=3:speed=0.02:c0=0x0b1f3a:c1=0x3b1d5e:c2=0x0f4c5c:x0=0:y0=0:x1=1280:y1=720[ground];
  color=c=0xe0234e:s=1280x14:r=30:d=$seconds[bar];
  [ground]drawtext=fontfile=$mono:fontsize=190:fontcolor=white:x=(w-text_w)/2:y=(h-190)/2+24:text='$timecode',
  drawtext=fontfile=$sans:fontsize=34:fontcolor=white@0.75:x=48:y=44:text='nestjs-range  ·  clip.mp4',
  drawtext=fontfile=$sans:fontsize=54:fontcolor=0xff8fa8:text='●':
    x='w/2-text_w/2+300*sin(2*PI*t/10)*1.75':y='h/2-27-270*cos(2*PI*t/10)'[scene];
  [scene][bar]overlay=x='-W+W*t/$seconds':y=H-h,format=yuv420p"
reproducibly -i "$work/sound.wav" -filter_complex "$picture" -t "$seconds" \
  -c:v libx264 -profile:v main -preset fast -crf 16 -g 30 -keyint_min 30 -sc_threshold 0 \
  -c:a aac -b:a 96k -movflags +faststart "${bitexact[@]}" media/clip.mp4

# The same, smaller, with its index (the moov box) at the end, as encoders leave it where nobody asks for +faststart.
reproducibly -i media/clip.mp4 -vf scale=640:360 -c:v libx264 -profile:v main -preset slow -crf 23 -g 60 -sc_threshold 0 \
  -c:a copy "${bitexact[@]}" media/clip-moov-last.mp4

node make-book.mjs >media/book.pdf
