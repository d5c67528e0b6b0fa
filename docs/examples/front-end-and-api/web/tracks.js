const tracks = await (await fetch('/api/tracks')).json();
for (const { name, url } of tracks) {
  const audio = Object.assign(document.createElement('audio'), { src: url, controls: true, preload: 'metadata' });
  const item = document.createElement('li');
  item.append(name, document.createElement('br'), audio);
  document.querySelector('#tracks').append(item);
}
