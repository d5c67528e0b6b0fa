import 'reflect-metadata';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Module,
  Param,
  Post,
  Redirect,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Put your files here. */
const FILES = 'files';
const PASSWORD = process.env['PASSWORD'] ?? randomBytes(9).toString('base64url');
/** Set it, the same for all replicas, and sessions and links outlive a restart. */
const KEY = Buffer.from(process.env['KEY'] ?? randomBytes(32).toString('hex'), 'hex');
const HOUR_MS = 3_600_000;

/** Proves for an hour that its bearer may have something: a session in a cookie, or one file by a link. */
function ticketFor(subject: string, expires = Date.now() + HOUR_MS): string {
  return `${expires}.${createHmac('sha256', KEY).update(`${subject}\n${expires}`).digest('base64url')}`;
}

function isValid(subject: string, ticket: string): boolean {
  const expires = Number(/^\d+/.exec(ticket)?.[0] ?? 0);
  const [given, expected] = [Buffer.from(ticket), Buffer.from(ticketFor(subject, expires))];
  return given.length === expected.length && timingSafeEqual(given, expected) && expires > Date.now();
}

/** Lets in who is logged in, and whoever has a signed link: a download manager has no cookie. */
class LoginOrLink implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers, url = '' } = context.switchToHttp().getRequest<IncomingMessage>();
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const session = /(?:^|; )session=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? '';
    if (isValid('session', session) || isValid(pathname, searchParams.get('ticket') ?? '')) return true;
    throw new UnauthorizedException('Log in at /');
  }
}

@Controller()
class DownloadsController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  form(): string {
    return '<form method="post" action="/login"><label>Password <input type="password" name="password" /></label></form>';
  }

  @Post('login')
  @Redirect('/files', 303)
  login(@Body('password') password: unknown, @Res({ passthrough: true }) response: ServerResponse): void {
    if (password !== PASSWORD) throw new UnauthorizedException('Wrong password');
    response.setHeader('Set-Cookie', `session=${ticketFor('session')}; HttpOnly; SameSite=Lax; Path=/`);
  }

  /** The files, each with a link that may be passed on. */
  @Get('files')
  @UseGuards(LoginOrLink)
  async list(): Promise<readonly { name: string; link: string }[]> {
    return (await readdir(FILES)).map((name) => {
      const path = `/files/${encodeURIComponent(name)}`;
      return { name, link: `${path}?ticket=${ticketFor(path)}` };
    });
  }

  /** A guard runs for each range, so a download that is resumed needs its cookie or ticket, too. */
  @Get('files/:name')
  @UseGuards(LoginOrLink)
  @Ranged({ disposition: 'attachment', cacheControl: 'private, no-cache' })
  download(@Param('name') name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: FILES }), { filename: name });
  }
}

@Module({ imports: [RangeModule], controllers: [DownloadsController] })
class AppModule {}

await mkdir(FILES, { recursive: true });
const app = await NestFactory.create(AppModule);
await app.listen(process.env['PORT'] ?? 3000);
console.log(`Downloads: ${await app.getUrl()}, password ${PASSWORD}`);
