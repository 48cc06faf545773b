//! Every event in Connect.

use crate::table::rows;

rows! { Connect
    connect_manual_start: ManualStart, Plain => [], Connect, live;
    connect_manual_stop: ManualStop, Plain => [StopDelayOpen, AbandonDial, Drop, ZeroRetryCounter, StopConnectRetry], Idle, live;
    connect_automatic_start: AutomaticStart, Plain => [], Connect, never "an automatic start is only raised in Idle";
    connect_manual_start_passive: ManualStartWithPassiveTcpEstablishment, Passive => [], Connect, never "a session that only listens is never in Connect";
    connect_automatic_start_passive: AutomaticStartWithPassiveTcpEstablishment, Plain => [], Connect, never "an automatic start is only raised in Idle";
    connect_automatic_start_damped: AutomaticStartWithDampPeerOscillations, Plain => [], Connect, never "an automatic start is only raised in Idle";
    connect_automatic_start_damped_passive: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, Plain => [], Connect, never "an automatic start is only raised in Idle";
    connect_automatic_stop: AutomaticStop, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    connect_connect_retry_timer_expires: ConnectRetryTimerExpires, Plain => [AbandonDial, Drop, StartConnectRetry, StopDelayOpen, Dial], Connect, live;
    connect_hold_timer_expires: HoldTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    connect_keepalive_timer_expires: KeepaliveTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    connect_delay_open_timer_expires: DelayOpenTimerExpires, Delaying => [StopDelayOpen, SendOpen, StartLargeHold], OpenSent, live;
    connect_idle_hold_timer_expires: IdleHoldTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    connect_tcp_connection_valid: TcpConnectionValid, Plain => [], Connect, never "TrackTcpState is not supported: only connections that are up are told of";
    connect_tcp_cr_invalid: TcpCrInvalid, Delaying => [Refuse], Connect, never "a silent connection gives way to a new one";
    connect_tcp_cr_acked_with_delay_open: TcpCrAcked, DelayOpen => [StopConnectRetry, StartDelayOpen], Connect, live;
    connect_tcp_cr_acked: TcpCrAcked, Plain => [StopConnectRetry, SendOpen, StartLargeHold], OpenSent, live;
    connect_tcp_connection_confirmed_with_delay_open: TcpConnectionConfirmed, DelayOpen => [StopConnectRetry, StartDelayOpen], Connect, live;
    connect_tcp_connection_confirmed: TcpConnectionConfirmed, Plain => [StopConnectRetry, SendOpen, StartLargeHold], OpenSent, live;
    connect_tcp_connection_fails_while_delaying: TcpConnectionFails, Delaying => [StartConnectRetry, StopDelayOpen, Drop], Active, live;
    connect_tcp_connection_fails: TcpConnectionFails, Plain => [StopConnectRetry, Drop], Idle, live;
    connect_bgp_open: BgpOpen, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "a connection here has the DelayOpenTimer running: it is Event 20";
    connect_bgp_open_while_delaying: BgpOpenWithDelayOpenTimerRunning, Delaying => [StopConnectRetry, StopDelayOpen, SendOpen, SendKeepalive, StartNegotiatedTimers], OpenConfirm, live;
    connect_bgp_header_err_notifying: BgpHeaderErr, DelayingNotifying => [SendNotification, StopConnectRetry, StopDelayOpen, Drop, CountRetry, Damp], Idle, live;
    connect_bgp_header_err: BgpHeaderErr, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    connect_bgp_open_msg_err_notifying: BgpOpenMsgErr, DelayingNotifying => [SendNotification, StopConnectRetry, StopDelayOpen, Drop, CountRetry, Damp], Idle, live;
    connect_bgp_open_msg_err: BgpOpenMsgErr, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    connect_open_collision_dump: OpenCollisionDump, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "a connection that waits here and collides is the second one: Active";
    connect_notif_msg_ver_err_while_delaying: NotifMsgVerErr, Delaying => [StopConnectRetry, StopDelayOpen, Drop], Idle, live;
    connect_notif_msg_ver_err: NotifMsgVerErr, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "there is no connection that could fail, speak or collide";
    connect_notif_msg: NotifMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    connect_keep_alive_msg: KeepAliveMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    connect_update_msg: UpdateMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    connect_update_msg_err: UpdateMsgErr, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "an UPDATE is not read before Established: it is Event 27";
    connect_send_hold_timer_expires: SendHoldTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    connect_route_refresh_msg: RouteRefreshMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
}
