//! Every event in Established.

use crate::table::rows;

rows! { Established
    established_manual_start: ManualStart, Plain => [], Established, live;
    established_manual_stop: ManualStop, Plain => [SendNotification, StopConnectRetry, Drop, ZeroRetryCounter], Idle, live;
    established_automatic_start: AutomaticStart, Plain => [], Established, never "an automatic start is only raised in Idle";
    established_manual_start_passive: ManualStartWithPassiveTcpEstablishment, Passive => [], Established, live;
    established_automatic_start_passive: AutomaticStartWithPassiveTcpEstablishment, Plain => [], Established, never "an automatic start is only raised in Idle";
    established_automatic_start_damped: AutomaticStartWithDampPeerOscillations, Plain => [], Established, never "an automatic start is only raised in Idle";
    established_automatic_start_damped_passive: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, Plain => [], Established, never "an automatic start is only raised in Idle";
    established_automatic_stop: AutomaticStop, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_connect_retry_timer_expires: ConnectRetryTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    established_hold_timer_expires: HoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_keepalive_timer_expires: KeepaliveTimerExpires, Plain => [SendKeepalive], Established, live;
    established_delay_open_timer_expires: DelayOpenTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    established_idle_hold_timer_expires: IdleHoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    established_tcp_connection_valid: TcpConnectionValid, Plain => [TrackSecond], Established, never "TrackTcpState is not supported: only connections that are up are told of";
    established_tcp_cr_invalid: TcpCrInvalid, Plain => [Refuse], Established, never "another connection is silent and gives way to a new one";
    established_tcp_cr_acked: TcpCrAcked, Plain => [TrackSecond], Established, never "an attempt under way is given up in Established";
    established_tcp_cr_acked_after_a_graceful_restart: TcpCrAcked, Graceful => [Drop, ZeroRetryCounter, StartConnectRetry], Connect, never "an attempt under way is given up in Established";
    established_tcp_connection_confirmed: TcpConnectionConfirmed, Plain => [TrackSecond], Established, live;
    established_tcp_connection_confirmed_after_a_graceful_restart: TcpConnectionConfirmed, Graceful => [Drop, ZeroRetryCounter, StartConnectRetry], Connect, live;
    established_tcp_connection_fails: TcpConnectionFails, Plain => [StopConnectRetry, Drop, CountRetry], Idle, live;
    established_bgp_open: BgpOpen, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_bgp_open_while_delaying: BgpOpenWithDelayOpenTimerRunning, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "our OPEN is sent, so the DelayOpenTimer has stopped";
    established_bgp_header_err: BgpHeaderErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_bgp_open_msg_err: BgpOpenMsgErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_open_collision_dump: OpenCollisionDump, Plain => [], Established, never "the new connection is closed instead";
    established_open_collision_dump_where_detected: OpenCollisionDump, CollisionDetect => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_notif_msg_ver_err: NotifMsgVerErr, Plain => [StopConnectRetry, Drop, CountRetry], Idle, live;
    established_notif_msg: NotifMsg, Plain => [StopConnectRetry, Drop, CountRetry], Idle, live;
    established_keep_alive_msg: KeepAliveMsg, Plain => [RestartHold], Established, live;
    established_update_msg: UpdateMsg, Plain => [RestartHold], Established, live;
    established_update_msg_err: UpdateMsgErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_send_hold_timer_expires: SendHoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    established_route_refresh_msg: RouteRefreshMsg, Plain => [], Established, live;
}
